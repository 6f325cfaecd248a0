// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_quantizer.h"

#include "core/base/parallel.h"
#include "core/kernels/kmeans.h"
#include "core/kernels/nearest.h"
#include "core/quant/codeword_format.h"
#include "core/quant/packed_codes.h"
#include "core/quant/progress_counter.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"

namespace quantscope::pq {
namespace {

// Every row is one vector.
RowVectors rowLayout(Index rows, Index cols) {
    return {rows, cols, cols};
}

std::string refuseSlices(const PqSettings& settings, const SliceLayout& layout) {
    if (settings.slices > layout.cols) {
        return "The row has " + std::to_string(layout.cols) + " columns, too few for " +
               std::to_string(settings.slices) +
               " slices. Choose m <= " + std::to_string(layout.cols) + ".";
    }
    if (settings.shared && !layout.isEven()) {
        Index divisor = settings.slices;
        while (layout.cols % divisor != 0)
            --divisor;
        return "A shared codebook needs slices of equal length, but " +
               std::to_string(settings.slices) + " slices do not divide " +
               std::to_string(layout.cols) + " columns. Choose m=" + std::to_string(divisor) +
               " or shared=false.";
    }
    return {};
}

CodebookDemand demandOf(const PqSettings& settings, Index rows) {
    const Index perRow = settings.shared ? settings.slices : 1;
    return {static_cast<int>(settings.codebooks()), settings.bits, rows * perRow,
            settings.trainedRows(rows) * perRow};
}

// Multiply-adds of training and of encoding.
struct Work {
    double train = 0.0;
    double encode = 0.0;

    Work(const PqSettings& settings, Index rows, Index cols) {
        // Seeding costs about as much as two iterations.
        constexpr double seedingIterations = 2.0;
        const double perRow = static_cast<double>(cols) * static_cast<double>(settings.codewords());
        train = static_cast<double>(settings.trainedRows(rows)) * perRow *
                (settings.iterations + seedingIterations);
        encode = static_cast<double>(rows) * perRow;
    }
};

RateLedger exactRate(const PqSettings& settings, Index rows, const SliceLayout& layout) {
    RateLedger rate;
    const std::uint64_t codeBits = PackedCodes::bitCount(rows * settings.slices, settings.bits);
    rate[RatePart::Codes] = codeBits;
    rate[RatePart::Padding] = (8 - codeBits % 8) % 8;
    const Index components = settings.shared ? layout.width(0) : layout.cols;
    rate[RatePart::Codebooks] =
        static_cast<std::uint64_t>(settings.codewords() * components *
                                   CodewordFormat::bitsPerComponent(settings.half)) +
        CodewordFormat::exponentBits;
    return rate;
}

std::uint64_t workingBytes(const PqSettings& settings, Index rows, Index cols) {
    constexpr std::uint64_t blockBytes = std::uint64_t{64} << 20;
    // The sample, the copy of each slice and its panels for seeding; codebooks in several forms.
    const auto sample = static_cast<std::uint64_t>(settings.trainedRows(rows) * cols);
    const auto codebooks = static_cast<std::uint64_t>(settings.codewords() * cols);
    return blockBytes + (3 * sample + 8 * codebooks) * sizeof(float);
}

// k-means for every codebook, several at once.
std::vector<CodewordPanels> trainCodebooks(const PqSettings& settings, const SliceLayout& layout,
                                           MatrixView sample, const CodewordFormat& format,
                                           const RunContext& context) {
    const KMeansParameters parameters{.count = settings.codewords(),
                                      .iterations = settings.iterations};
    std::vector<std::unique_ptr<CodewordPanels>> books(
        static_cast<std::size_t>(settings.codebooks()));
    ProgressCounter progress(context,
                             static_cast<double>(settings.codebooks()) * settings.iterations,
                             "training codebooks");
    parallelFor(settings.codebooks(), 1, context.stop(), [&](Index begin, Index) {
        const Index book = begin;
        int done = 0;
        const auto report = [&](int iterations) {
            done += iterations;
            progress.add(iterations);
        };
        const RunContext part(context.part(0.0, 1.0, static_cast<std::uint64_t>(book)).seed(),
                              context.stop(), [&](double, std::string_view) { report(1); });
        KMeansResult result;
        if (settings.shared) {
            const MatrixView vectors(sample.data, sample.rows * settings.slices, layout.width(0));
            result = kMeans(vectors, parameters, part);
        } else {
            Matrix slice(sample.rows, layout.width(book));
            for (Index row = 0; row < sample.rows; ++row) {
                std::ranges::copy(sample.middleCols(layout.begin(book), slice.cols()).row(row),
                                  slice.span().row(row).begin());
            }
            result = kMeans(slice.view(), parameters, part);
        }
        report(settings.iterations - done);
        format.round(result.centroids.span());
        books[static_cast<std::size_t>(book)] =
            std::make_unique<CodewordPanels>(result.centroids.view(), context.stop());
    });
    std::vector<CodewordPanels> trained;
    trained.reserve(books.size());
    for (auto& book : books)
        trained.push_back(std::move(*book));
    return trained;
}

}  // namespace

PqQuantizer::PqQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)), m_settings(PqSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight PqQuantizer::preflight(Index rows, Index cols, const SideInformation& /*side*/) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    const SliceLayout layout{cols, m_settings.slices};
    const CodebookDemand demand = demandOf(m_settings, rows);
    result.refusal = refuseSlices(m_settings, layout);
    if (result.refusal.empty()) result.refusal = refuseTraining(demand);
    if (!result.refusal.empty()) return result;
    result.warnings = trainingWarnings(demand);
    result.rate = exactRate(m_settings, rows, layout);
    result.workingBytes = workingBytes(m_settings, rows, cols);
    const Work work(m_settings, rows, cols);
    result.multiplyAdds = work.train + work.encode;
    return result;
}

EncodedTensor PqQuantizer::quantize(const TensorSource& weights, const SideInformation& /*side*/,
                                    const RunContext& context, PhaseSeconds& seconds) const {
    const RowVectors rows = rowLayout(weights.rows(), weights.cols());
    const SliceLayout layout{weights.cols(), m_settings.slices};
    const Work work(m_settings, weights.rows(), weights.cols());
    const double trained = work.train / (work.train + work.encode);

    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    int exponent = 0;
    std::vector<CodewordPanels> books;
    {
        const PhaseTimer timer(seconds.train);
        const TrainingSample sample = drawTrainingSample(
            weights, rows, m_settings.trainedRows(weights.rows()), context.part(0.0, 0.0, 0));
        exponent = sample.exponent;
        books = trainCodebooks(m_settings, layout, sample.vectors.view(),
                               CodewordFormat(m_settings.half, exponent),
                               context.part(0.0, trained, 1));
    }
    const PhaseTimer timer(seconds.encode);
    const CodewordFormat format(m_settings.half, exponent);
    encoded.header["training_rows"] = m_settings.trainedRows(weights.rows());
    const VectorEncoding encoding{
        .layout = rows,
        .exponent = exponent,
        .codesPerVector = m_settings.slices,
        .bits = m_settings.bits,
        .multiplyAddsPerVector =
            static_cast<double>(weights.cols()) * static_cast<double>(m_settings.codewords()),
        .encode = [&](MatrixView vectors, std::span<std::uint32_t> codes) {
            std::vector<std::uint32_t> sliceCodes(static_cast<std::size_t>(vectors.rows));
            for (Index slice = 0; slice < m_settings.slices; ++slice) {
                const auto book = static_cast<std::size_t>(m_settings.shared ? 0 : slice);
                books[book].nearest(vectors.middleCols(layout.begin(slice), layout.width(slice)),
                                    sliceCodes);
                for (std::size_t i = 0; i < sliceCodes.size(); ++i) {
                    codes[i * static_cast<std::size_t>(m_settings.slices) +
                          static_cast<std::size_t>(slice)] = sliceCodes[i];
                }
            }
        }};
    encoded.sections.push_back(
        encodeVectors(weights, encoding, codesSection, context.part(trained, 1.0, 2)).codes);
    for (std::size_t book = 0; book < books.size(); ++book) {
        encoded.sections.push_back(format.store(
            codebookSection(m_settings, static_cast<Index>(book)), books[book].codewords()));
    }
    encoded.sections.push_back(format.storeExponent());
    return encoded;
}

}  // namespace quantscope::pq
