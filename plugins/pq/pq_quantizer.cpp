// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/pq_quantizer.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/kernels/rotation.h"
#include "core/kernels/vector_grid.h"
#include "core/quant/codeword_format.h"
#include "core/quant/given_codebooks.h"
#include "core/quant/packed_codes.h"
#include "core/quant/progress_counter.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"
#include "plugins/pq/pq_training.h"

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

std::string refuseAllocation(const PqSettings& settings, const SliceLayout& layout) {
    // The decomposition cannot be stopped.
    constexpr Index widest = 512;
    if (!settings.byVariance || layout.width(0) <= widest) return {};
    return "Finding the principal axes of slices of " + std::to_string(layout.width(0)) +
           " columns takes too long; the most is " + std::to_string(widest) +
           ". Choose m >= " + std::to_string((layout.cols + widest - 1) / widest) +
           " or allocation=equal.";
}

std::string refuseStart(const PqSettings& settings, const SliceLayout& layout,
                        const SideInformation& side) {
    if (settings.seeded) return {};
    if (settings.isRotated() || settings.byVariance) {
        return "Given codebooks are of slices that are not rotated and have equal bits. Choose "
               "rotation=none and allocation=equal, or start=seeded.";
    }
    std::vector<CodebookSize> sizes;
    for (Index book = 0; book < settings.codebooks(); ++book)
        sizes.push_back({Index{1} << settings.bits, layout.width(book)});
    return refuseGiven(side.codebooks.get(), sizes, "seeded");
}

std::string refuseRotation(const PqSettings& settings, Index cols) {
    if (!settings.isRotated()) return {};
    if (settings.dims > cols) {
        return "The row has " + std::to_string(cols) + " columns, and a rotation cannot keep " +
               std::to_string(settings.dims) + ". Choose dims <= " + std::to_string(cols) + ".";
    }
    // The decomposition cannot be stopped, and takes seconds there already.
    constexpr Index widest = 1024;
    if (cols > widest) {
        return "A rotation of " + std::to_string(cols) + " columns takes too long; the most is " +
               std::to_string(widest) + ". Choose rotation=none, or another method.";
    }
    return {};
}

CodebookDemand demandOf(const PqSettings& settings, Index rows) {
    const Index perRow = settings.shared ? settings.slices : 1;
    CodebookDemand demand;
    demand.codebooks = static_cast<int>(settings.codebooks());
    demand.bits = settings.bits;
    demand.vectors = rows * perRow;
    demand.trainedOn = settings.trainedRows(rows) * perRow;
    return demand;
}

// Multiply-adds of training and of encoding.
struct Work {
    double train = 0.0;
    double encode = 0.0;

    Work(const PqSettings& settings, Index rows, Index cols) {
        train = pqTrainingWork(settings, settings.trainedRows(rows), cols);
        encode = static_cast<double>(rows) * encodeWork(settings, rows, cols);
    }

    static double encodeWork(const PqSettings& settings, Index rows, Index cols) {
        const Index rotated = settings.isRotated() ? cols : 0;
        return static_cast<double>(settings.slicedColumns(cols)) *
               (typicalCodewords(settings, settings.trainedRows(rows)) +
                static_cast<double>(rotated));
    }
};

// Exact, but for the sizes of codebooks where bits follow the variance.
RateLedger rateOf(const PqSettings& settings, Index rows, Index cols, const SliceLayout& layout) {
    RateLedger rate;
    const std::uint64_t codeBits = PackedCodes::bitCount(rows * settings.slices, settings.bits);
    rate[RatePart::Codes] = codeBits;
    rate[RatePart::Padding] = (8 - codeBits % 8) % 8;
    const Index components = settings.shared ? layout.width(0) : layout.cols;
    const auto codewords =
        static_cast<Index>(typicalCodewords(settings, settings.trainedRows(rows)));
    rate[RatePart::Codebooks] =
        static_cast<std::uint64_t>(codewords * components *
                                   CodewordFormat::bitsPerComponent(settings.half)) +
        CodewordFormat::exponentBits;
    if (settings.byVariance) {
        constexpr Index bitsPerSlice = 8;
        rate[RatePart::Scales] = static_cast<std::uint64_t>(bitsPerSlice * settings.slices);
    }
    if (settings.isRotated()) {
        rate[RatePart::Transforms] = static_cast<std::uint64_t>(
            cols * layout.cols * CodewordFormat::bitsPerComponent(settings.half));
    }
    return rate;
}

std::uint64_t workingBytes(const PqSettings& settings, Index rows, Index cols) {
    constexpr std::uint64_t blockBytes = std::uint64_t{64} << 20;
    // The sample, the copy of each slice and its panels for seeding; codebooks in several forms.
    const auto sample = static_cast<std::uint64_t>(settings.trainedRows(rows) * cols);
    const int bits =
        settings.byVariance ? settings.mostSliceBits(settings.trainedRows(rows)) : settings.bits;
    const auto codebooks = static_cast<std::uint64_t>((Index{1} << bits) * cols);
    // Centred and rotated rows; the moments, the axes and their products in double precision.
    const auto square = static_cast<std::uint64_t>(cols * cols);
    const std::uint64_t rotation =
        settings.isRotated() ? 2 * sample * sizeof(float) + 16 * square * sizeof(double) : 0;
    return blockBytes + (3 * sample + 8 * codebooks) * sizeof(float) + rotation;
}

// Each over the sum of all; nothing for rows that do not vary.
std::vector<double> sharesOf(std::vector<double> parts) {
    const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
    for (double& part : parts)
        part = sum > 0.0 ? part / sum : 0.0;
    return parts;
}

// Codebooks, and whatever else is trained, at the exponent of the sample.
struct TrainedPq : PqTraining {
    int exponent = 0;
};

TrainedPq trainOn(const TensorSource& weights, const PqSettings& settings,
                  const SliceLayout& layout, const SideInformation& side, double share,
                  const RunContext& context) {
    const std::string missing = refuseStart(settings, layout, side);
    if (!missing.empty()) throw Error(missing);
    const TrainingSample sample =
        drawTrainingSample(weights, rowLayout(weights.rows(), weights.cols()),
                           settings.trainedRows(weights.rows()), context.part(0.0, 0.0, 0));
    const std::vector<Matrix> given =
        settings.seeded ? std::vector<Matrix>()
                        : scaledCodebooks(*side.codebooks, sample.exponent, settings.half);
    return {trainPq(settings, layout, sample.vectors.view(), given,
                    CodewordFormat(settings.half, sample.exponent), context.part(0.0, share, 1)),
            sample.exponent};
}

Json headerOf(const PqTraining& trained, Index trainedRows) {
    Json header = Json::object();
    header["training_rows"] = trainedRows;
    if (!trained.variances.empty()) header[varianceSharesKey] = sharesOf(trained.variances);
    if (!trained.unrotatedVariances.empty())
        header[unrotatedSharesKey] = sharesOf(trained.unrotatedVariances);
    return header;
}

// What is stored of a quantizer besides the codes, in order.
void storeBooks(const PqSettings& settings, const std::vector<int>& bits,
                std::span<const MatrixView> books, MatrixView rotation,
                const CodewordFormat& format, EncodedTensor& encoded) {
    Index book = 0;
    for (const MatrixView& codewords : books)
        encoded.sections.push_back(format.store(codebookSection(settings, book++), codewords));
    if (settings.byVariance) {
        Section widths{sliceBitsSection, RatePart::Scales, 0, {}};
        for (const int own : bits)
            widths.bytes.push_back(static_cast<std::uint8_t>(own));
        widths.usedBits = widths.bytes.size() * 8;
        encoded.sections.push_back(std::move(widths));
    }
    if (settings.isRotated()) {
        // Its values are at most 1, whatever the scale of the vectors.
        Section section = CodewordFormat(settings.half, 0).store(rotationSection, rotation);
        section.part = RatePart::Transforms;
        encoded.sections.push_back(std::move(section));
    }
    encoded.sections.push_back(format.storeExponent());
}

}  // namespace

PqQuantizer::PqQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)), m_settings(PqSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight PqQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    const SliceLayout layout{m_settings.slicedColumns(cols), m_settings.slices};
    const CodebookDemand demand = demandOf(m_settings, rows);
    result.refusal = refuseRotation(m_settings, cols);
    if (result.refusal.empty()) result.refusal = refuseSlices(m_settings, layout);
    if (result.refusal.empty()) result.refusal = refuseAllocation(m_settings, layout);
    if (result.refusal.empty()) result.refusal = refuseStart(m_settings, layout, side);
    if (result.refusal.empty() && m_settings.seeded) {
        result.refusal = refuseTraining(demand);
        result.warnings = trainingWarnings(demand);
    }
    if (!result.refusal.empty()) return result;
    const int most = m_settings.mostSliceBits(m_settings.trainedRows(rows));
    if (m_settings.byVariance && most == m_settings.bits) {
        result.warnings.push_back("All slices get " + std::to_string(most) +
                                  " bits: more for some would take more training rows, or the most "
                                  "bits that are dealt, 12. Fewer bits leave room.");
    }
    result.rate = rateOf(m_settings, rows, cols, layout);
    result.rateIsExact = !m_settings.byVariance;
    result.workingBytes = workingBytes(m_settings, rows, cols);
    const Work work(m_settings, rows, cols);
    result.multiplyAdds = work.train + work.encode;
    return result;
}

EncodedTensor PqQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                    const RunContext& context, PhaseSeconds& seconds) const {
    const SliceLayout layout{m_settings.slicedColumns(weights.cols()), m_settings.slices};
    const Work work(m_settings, weights.rows(), weights.cols());
    const double trainedShare = work.train / (work.train + work.encode);
    const TrainedPq trained = [&] {
        const PhaseTimer timer(seconds.train);
        return trainOn(weights, m_settings, layout, side, trainedShare, context);
    }();
    const PhaseTimer timer(seconds.encode);
    EncodedTensor encoded{m_spec,
                          weights.rows(),
                          weights.cols(),
                          headerOf(trained, m_settings.trainedRows(weights.rows())),
                          {}};
    const VectorEncoding encoding{
        .layout = rowLayout(weights.rows(), weights.cols()),
        .exponent = trained.exponent,
        .widths = codeWidths(m_settings, trained.bits),
        .multiplyAddsPerVector = Work::encodeWork(m_settings, weights.rows(), weights.cols()),
        .encode = [&](Index, MatrixView vectors, std::span<std::uint32_t> codes) {
            if (!m_settings.isRotated()) {
                encodeSlices(trained.books, layout, vectors, codes);
                return;
            }
            Matrix rotated(vectors.rows, layout.cols);
            rotateRows(vectors, trained.rotation.view(), rotated.span());
            encodeSlices(trained.books, layout, rotated.view(), codes);
        }};
    encoded.sections.push_back(
        encodeVectors(weights, encoding, codesSection, context.part(trainedShare, 1.0, 2)).codes);
    std::vector<MatrixView> views;
    for (const CodewordPanels& book : trained.books)
        views.push_back(book.codewords());
    storeBooks(m_settings, trained.bits, views, trained.rotation.view(),
               CodewordFormat(m_settings.half, trained.exponent), encoded);
    return encoded;
}

std::string PqQuantizer::refuseGrid(Index cols) const {
    if (m_settings.isRotated()) {
        return "The columns of rotated rows are mixtures of all input channels, so their codes "
               "cannot be chosen channel by channel. Choose rotation=none.";
    }
    if (SliceLayout{cols, m_settings.slices}.isEven()) return {};
    Index divisor = std::min(m_settings.slices, cols);
    while (cols % divisor != 0)
        --divisor;
    return "Codes that are chosen slice by slice need slices of equal length, but " +
           std::to_string(m_settings.slices) + " slices do not divide " + std::to_string(cols) +
           " columns. Choose m=" + std::to_string(divisor) + ".";
}

std::unique_ptr<CodeGrid> PqQuantizer::fitGrid(const TensorSource& weights,
                                               const SideInformation& side,
                                               const RunContext& context,
                                               PhaseSeconds& seconds) const {
    if (!hasGrid()) return nullptr;
    const std::string refused = refuseGrid(weights.cols());
    if (!refused.empty()) throw Error(refused);
    const PhaseTimer timer(seconds.train);
    const SliceLayout slices{weights.cols(), m_settings.slices};
    const TrainedPq trained = trainOn(weights, m_settings, slices, side, 1.0, context);
    VectorGrid::Books books{{}, trained.exponent, m_settings.half};
    for (const CodewordPanels& book : trained.books) {
        Matrix& codewords = books.codewords.emplace_back(book.count(), book.dim());
        std::copy_n(book.codewords().data, codewords.view().size(), codewords.data());
    }
    PartLayout layout{rowLayout(weights.rows(), weights.cols()),
                      codeWidths(m_settings, trained.bits), m_settings.slices};
    layout.shared = m_settings.shared;
    EncodedTensor empty{m_spec,
                        weights.rows(),
                        weights.cols(),
                        headerOf(trained, m_settings.trainedRows(weights.rows())),
                        {}};
    const auto finish = [settings = m_settings, bits = trained.bits,
                         bitCount = layout.widths.bitCount(weights.rows()),
                         format = CodewordFormat(m_settings.half, trained.exponent),
                         empty = std::move(empty)](std::vector<std::uint8_t> codes,
                                                   const std::vector<Matrix>& codewords) {
        EncodedTensor encoded = empty;
        encoded.sections.push_back({codesSection, RatePart::Codes, bitCount, std::move(codes)});
        std::vector<MatrixView> views;
        for (const Matrix& book : codewords)
            views.push_back(book.view());
        storeBooks(settings, bits, views, {}, format, encoded);
        return encoded;
    };
    return std::make_unique<VectorGrid>(std::move(layout), std::move(books), finish,
                                        context.stop());
}

}  // namespace quantscope::pq
