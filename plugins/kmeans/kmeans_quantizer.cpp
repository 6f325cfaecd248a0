// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kmeans/kmeans_quantizer.h"

#include <array>
#include <optional>

#include "core/base/error.h"
#include "core/kernels/codebook_refinement.h"
#include "core/kernels/nearest.h"
#include "core/kernels/scaled_search.h"
#include "core/kernels/streamed_kmeans.h"
#include "core/kernels/vector_grid.h"
#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"

namespace quantscope::kmeans {
namespace {

// Multiply-adds of training and of encoding.
struct Work {
    double train = 0.0;
    double passes = 0.0;
    double encode = 0.0;

    Work(const KmeansSettings& settings, const RowVectors& layout) {
        // k-means++ costs about as much as two iterations.
        const double seeding = settings.start == Start::PlusPlus ? 2.0 : 0.0;
        const double search =
            static_cast<double>(settings.codewords()) * static_cast<double>(layout.dim);
        train = static_cast<double>(settings.trainedVectors(layout)) * search *
                (settings.iterations + seeding);
        if (settings.update == CodebookUpdate::Linear) {
            train += 3.0 * settings.iterations * search * static_cast<double>(layout.dim);
        }
        // Sinkhorn scaling: exponentials cost about as much as eight products.
        constexpr double scalings = 11.0;
        constexpr double exponential = 8.0;
        if (settings.assignment == Assignment::Balanced) {
            train += static_cast<double>(settings.trainedVectors(layout)) * settings.iterations *
                     scalings * static_cast<double>(settings.codewords()) *
                     (static_cast<double>(layout.dim) + exponential);
        }
        encode = static_cast<double>(layout.count()) * search;
        passes = settings.passes * encode;
    }

    double all() const { return train + passes + encode; }
};

// `count` different rows of `x`, drawn evenly (Fisher-Yates, as far as it is needed).
Matrix drawnRows(MatrixView x, Index count, Random random) {
    std::vector<Index> rows(static_cast<std::size_t>(x.rows));
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<Index>(i);
    Matrix drawn(count, x.cols);
    for (Index k = 0; k < count; ++k) {
        std::swap(rows[static_cast<std::size_t>(k)],
                  rows[static_cast<std::size_t>(k + random.below(x.rows - k))]);
        std::ranges::copy(x.row(rows[static_cast<std::size_t>(k)]), drawn.span().row(k).begin());
    }
    return drawn;
}

KMeansResult train(MatrixView sample, const KmeansSettings& settings, const SideInformation& side,
                   int exponent, const RunContext& context) {
    const RunContext named = context.withSeries(codebookName);
    if (settings.start == Start::PlusPlus) return kMeans(sample, settings.training(), named);
    const Matrix start =
        settings.start == Start::Given
            ? std::move(scaledCodebooks(*side.codebooks, exponent, settings.half).front())
            : drawnRows(sample, settings.codewords(), context.random(1));
    return kMeans(sample, settings.training(), named, {}, start.view());
}

// Rounds by the weighted error, as many as k-means may have.
Matrix refined(const TrainingSample& sample, const Matrix& codewords,
               const KmeansSettings& settings, const BlockScales& scales,
               const CodewordFormat& format, const RunContext& context) {
    return std::move(
        refineCodebooks(sample.vectors.view(), sample.allNumbers(), {codewords}, scales,
                        {.beam = 1, .rounds = settings.iterations}, format,
                        context.withSeries(std::string(codebookName) + ", weighted by the Hessian"))
            .books.front());
}

struct TrainedCodebook {
    Matrix codewords;  // As they are stored.
    int exponent = 0;
    BlockScales scales;  // Where errors are weighted.
    int iterations = 0;
    Index revived = 0;
    std::size_t passes = 0;  // Over all vectors.
};

// Everything before the codes; its progress is the first part of that of `context`.
TrainedCodebook trainCodebook(const TensorSource& weights, const RowVectors& layout,
                              const KmeansSettings& settings, const SideInformation& side,
                              const RunContext& context) {
    const Work work(settings, layout);
    const double sampled = work.train / work.all();
    const double trained = (work.train + work.passes) / work.all();
    const double unweighted = settings.weighted ? 0.5 * sampled : sampled;
    const TrainingSample sample = drawTrainingSample(
        weights, layout, settings.trainedVectors(layout), context.part(0.0, 0.0, 0));
    const CodewordFormat format(settings.half, sample.exponent);
    TrainedCodebook book;
    book.exponent = sample.exponent;
    KMeansResult result = train(sample.vectors.view(), settings, side, sample.exponent,
                                context.part(0.0, unweighted, 1));
    book.codewords = std::move(result.centroids);
    book.iterations = result.iterations();
    book.revived = result.revived;
    if (settings.weighted) {
        book.scales = BlockScales::fromWeights(side.hessian->diagonal, layout.dim);
        book.codewords = refined(sample, book.codewords, settings, book.scales, format,
                                 context.part(unweighted, sampled, 3));
    }
    if (settings.passes > 0) {
        const RunContext part = context.part(sampled, trained, 4)
                                    .withSeries(std::string(codebookName) + ", all vectors");
        StreamedKMeansResult streamed = streamKMeans(
            weights, layout, sample.exponent, std::move(book.codewords), settings.passes, part);
        book.codewords = std::move(streamed.centroids);
        book.passes = streamed.objectives.size();
    }
    format.round(book.codewords.span());
    return book;
}

Json headerOf(const TrainedCodebook& book, Index trainedVectors) {
    Json header = Json::object();
    header["training_vectors"] = trainedVectors;
    header["details"] = {{"iterations", book.iterations}, {"codewords_revived", book.revived}};
    if (book.passes > 0) header["details"]["passes"] = book.passes;
    return header;
}

}  // namespace

KmeansQuantizer::KmeansQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(KmeansSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight KmeansQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result = m_settings.preflight(rows, cols, side);
    if (!result.refusal.empty()) return result;
    const Work work(m_settings, m_settings.layout(rows, cols));
    result.multiplyAdds = work.all();
    return result;
}

EncodedTensor KmeansQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                        const RunContext& context, PhaseSeconds& seconds) const {
    const RowVectors layout = m_settings.layout(weights.rows(), weights.cols());
    const std::string missing = m_settings.refuseSide(layout, side);
    if (!missing.empty()) throw Error(missing);
    const Work work(m_settings, layout);
    const double trained = (work.train + work.passes) / work.all();
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    TrainedCodebook book;
    {
        const PhaseTimer timer(seconds.train);
        book = trainCodebook(weights, layout, m_settings, side, context);
    }
    encoded.header = headerOf(book, m_settings.trainedVectors(layout));
    std::vector<CodewordPanels> books;
    books.emplace_back(book.codewords.view(), context.stop());
    std::optional<ScaledSearch> scaled;
    const PhaseTimer timer(seconds.encode);
    if (m_settings.weighted) {
        scaled.emplace(std::span(&book.codewords, 1), book.scales, 1, context.stop());
    }
    const VectorEncoding encoding{
        .layout = layout,
        .exponent = book.exponent,
        .widths = m_settings.widths,
        .multiplyAddsPerVector =
            static_cast<double>(m_settings.codewords()) * static_cast<double>(layout.dim),
        .encode = [&](Index firstVector, MatrixView vectors, std::span<std::uint32_t> codes) {
            if (scaled) {
                scaled->search(vectors, firstVector, codes);
            } else {
                books.front().nearest(vectors, codes);
            }
        }};
    encoded.sections.push_back(
        encodeVectors(weights, encoding, codesSection, context.part(trained, 1.0, 2)).codes);
    m_settings.store(books, book.exponent, codebookSection, encoded);
    return encoded;
}

std::unique_ptr<CodeGrid> KmeansQuantizer::fitGrid(const TensorSource& weights,
                                                   const SideInformation& side,
                                                   const RunContext& context,
                                                   PhaseSeconds& seconds) const {
    const RowVectors layout = m_settings.layout(weights.rows(), weights.cols());
    const std::string missing = m_settings.refuseSide(layout, side);
    if (!missing.empty()) throw Error(missing);
    const PhaseTimer timer(seconds.train);
    TrainedCodebook book = trainCodebook(weights, layout, m_settings, side, context);
    EncodedTensor empty{m_spec,
                        weights.rows(),
                        weights.cols(),
                        headerOf(book, m_settings.trainedVectors(layout)),
                        {}};
    const auto finish = [settings = m_settings, layout, exponent = book.exponent,
                         empty = std::move(empty)](std::vector<std::uint8_t> codes,
                                                   const std::vector<Matrix>& codewords) {
        EncodedTensor encoded = empty;
        encoded.sections.push_back({codesSection, RatePart::Codes,
                                    settings.widths.bitCount(layout.count()), std::move(codes)});
        const std::array<MatrixView, 1> books{codewords.front().view()};
        settings.store(books, exponent, codebookSection, encoded);
        return encoded;
    };
    VectorGrid::Books books{{}, book.exponent, m_settings.half};
    books.codewords.push_back(std::move(book.codewords));
    if (m_settings.weighted) books.scales.push_back(std::move(book.scales));
    return std::make_unique<VectorGrid>(PartLayout{layout, m_settings.widths}, std::move(books),
                                        finish, context.stop());
}

}  // namespace quantscope::kmeans
