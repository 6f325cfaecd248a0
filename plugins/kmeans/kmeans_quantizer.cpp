// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kmeans/kmeans_quantizer.h"

#include "core/kernels/nearest.h"
#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"

namespace quantscope::kmeans {
namespace {

// Multiply-adds of training and of encoding.
struct Work {
    double train = 0.0;
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
        encode = static_cast<double>(layout.count()) * search;
    }
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

KMeansResult train(MatrixView sample, const KmeansSettings& settings, const RunContext& context) {
    const RunContext named = context.withSeries(codebookName);
    if (settings.start == Start::PlusPlus) return kMeans(sample, settings.training(), named);
    const Matrix start = drawnRows(sample, settings.codewords(), context.random(1));
    return kMeans(sample, settings.training(), named, {}, start.view());
}

}  // namespace

KmeansQuantizer::KmeansQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(KmeansSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight KmeansQuantizer::preflight(Index rows, Index cols,
                                     const SideInformation& /*side*/) const {
    Preflight result = m_settings.preflight(rows, cols);
    if (!result.refusal.empty()) return result;
    const Work work(m_settings, m_settings.layout(rows, cols));
    result.multiplyAdds = work.train + work.encode;
    return result;
}

EncodedTensor KmeansQuantizer::quantize(const TensorSource& weights,
                                        const SideInformation& /*side*/, const RunContext& context,
                                        PhaseSeconds& seconds) const {
    const RowVectors layout = m_settings.layout(weights.rows(), weights.cols());
    const Work work(m_settings, layout);
    const double trained = work.train / (work.train + work.encode);
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    int exponent = 0;
    std::vector<CodewordPanels> books;
    {
        const PhaseTimer timer(seconds.train);
        const TrainingSample sample = drawTrainingSample(
            weights, layout, m_settings.trainedVectors(layout), context.part(0.0, 0.0, 0));
        exponent = sample.exponent;
        KMeansResult result =
            train(sample.vectors.view(), m_settings, context.part(0.0, trained, 1));
        CodewordFormat(m_settings.half, exponent).round(result.centroids.span());
        books.emplace_back(result.centroids.view(), context.stop());
        encoded.header["training_vectors"] = sample.vectors.rows();
        encoded.header["details"] = {{"iterations", result.iterations()},
                                     {"codewords_revived", result.revived}};
    }
    const PhaseTimer timer(seconds.encode);
    const VectorEncoding encoding{
        .layout = layout,
        .exponent = exponent,
        .codesPerVector = 1,
        .bits = m_settings.bits,
        .multiplyAddsPerVector =
            static_cast<double>(m_settings.codewords()) * static_cast<double>(layout.dim),
        .encode = [&](MatrixView vectors, std::span<std::uint32_t> codes) {
            books.front().nearest(vectors, codes);
        }};
    encoded.sections.push_back(
        encodeVectors(weights, encoding, codesSection, context.part(trained, 1.0, 2)).codes);
    m_settings.store(books, exponent, codebookSection, encoded);
    return encoded;
}

}  // namespace quantscope::kmeans
