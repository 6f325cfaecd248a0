// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_quantizer.h"

#include "core/quant/codeword_format.h"
#include "core/quant/summed_codes.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"

namespace quantscope::additive {
namespace {

CodebookDemand demandOf(const AdditiveSettings& settings, const RowVectors& layout) {
    return {static_cast<int>(settings.books), settings.bits, layout.count(),
            settings.trainedVectors(layout)};
}

// The search keeps the products of all pairs of codewords.
std::string refuseProducts(const AdditiveSettings& settings) {
    constexpr Index mostCodewords = Index{1} << 14;
    const Index codewords = settings.books * settings.codewords();
    if (codewords <= mostCodewords) return {};
    return "The search keeps the products of all pairs of codewords, and " +
           std::to_string(codewords) + " codewords in all are more than the " +
           std::to_string(mostCodewords) +
           " it has room for. Choose m * 2^bits <= " + std::to_string(mostCodewords) + ", or rvq.";
}

RateLedger exactRate(const AdditiveSettings& settings, const RowVectors& layout) {
    RateLedger rate = SummedCodes::rate(layout, settings.books, settings.bits,
                                        CodewordFormat::bitsPerComponent(settings.half));
    rate[RatePart::Codebooks] += CodewordFormat::exponentBits;
    return rate;
}

std::uint64_t workingBytes(const AdditiveSettings& settings, const RowVectors& layout) {
    constexpr std::uint64_t blockBytes = std::uint64_t{64} << 20;
    // The sample, what is left of it, and the two copies for least squares; sequences of codes.
    const Index trained = settings.trainedVectors(layout);
    const Index sample = 4 * trained * layout.dim;
    const Index sequences = 2 * trained * settings.beam * settings.books;
    const Index codewords = settings.books * settings.codewords();
    // The products of the best codebooks so far and of those on trial.
    return blockBytes + 2 * AdditiveSearch::productBytes(codewords) +
           static_cast<std::uint64_t>(sample + sequences + 16 * codewords * layout.dim) *
               sizeof(float);
}

// Multiply-adds of training and of encoding.
struct Work {
    double train = 0.0;
    double encode = 0.0;

    Work(const AdditiveSettings& settings, const RowVectors& layout) {
        const AdditiveParameters parameters = settings.training();
        train = additiveTrainingWork(parameters, settings.trainedVectors(layout), layout.dim);
        encode = static_cast<double>(layout.count()) * additiveSearchWork(parameters, layout.dim);
    }
};

}  // namespace

AdditiveQuantizer::AdditiveQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(AdditiveSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight AdditiveQuantizer::preflight(Index rows, Index cols,
                                       const SideInformation& /*side*/) const {
    Preflight result;
    if (rows <= 0 || cols <= 0) {
        result.refusal = "The tensor has no weights. Choose another one.";
        return result;
    }
    result.refusal = refuseVectorLength(m_settings.dim, cols);
    if (result.refusal.empty()) result.refusal = refuseProducts(m_settings);
    if (!result.refusal.empty()) return result;
    const RowVectors layout = m_settings.layout(rows, cols);
    const CodebookDemand demand = demandOf(m_settings, layout);
    result.refusal = refuseTraining(demand);
    if (!result.refusal.empty()) return result;
    result.warnings = trainingWarnings(demand);
    const std::string filling = fillingRemark(layout);
    if (!filling.empty()) result.warnings.push_back(filling);
    result.rate = exactRate(m_settings, layout);
    result.workingBytes = workingBytes(m_settings, layout);
    const Work work(m_settings, layout);
    result.multiplyAdds = work.train + work.encode;
    return result;
}

EncodedTensor AdditiveQuantizer::quantize(const TensorSource& weights,
                                          const SideInformation& /*side*/,
                                          const RunContext& context, PhaseSeconds& seconds) const {
    const RowVectors layout = m_settings.layout(weights.rows(), weights.cols());
    const Work work(m_settings, layout);
    const double trained = work.train / (work.train + work.encode);
    int exponent = 0;
    AdditiveTraining training;
    {
        const PhaseTimer timer(seconds.train);
        const TrainingSample sample = drawTrainingSample(
            weights, layout, m_settings.trainedVectors(layout), context.part(0.0, 0.0, 0));
        exponent = sample.exponent;
        training =
            trainAdditive(sample.vectors.view(), m_settings.training(),
                          CodewordFormat(m_settings.half, exponent), context.part(0.0, trained, 1));
    }
    const PhaseTimer timer(seconds.encode);
    const VectorEncoding encoding{
        .layout = layout,
        .exponent = exponent,
        .codesPerVector = m_settings.books,
        .bits = m_settings.bits,
        .multiplyAddsPerVector = additiveSearchWork(m_settings.training(), layout.dim),
        .encode = [&](MatrixView vectors, std::span<std::uint32_t> codes) {
            training.codebooks->encode(vectors, codes);
        }};
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    encoded.header["training_vectors"] = m_settings.trainedVectors(layout);
    encoded.header["objectives"] = training.objectives;
    encoded.sections.push_back(
        encodeVectors(weights, encoding, codesSection, context.part(trained, 1.0, 2)).codes);
    const CodewordFormat format(m_settings.half, exponent);
    for (Index book = 0; book < m_settings.books; ++book) {
        encoded.sections.push_back(
            format.store(codebookSection(book),
                         training.codebooks->books()[static_cast<std::size_t>(book)].codewords()));
    }
    encoded.sections.push_back(format.storeExponent());
    return encoded;
}

}  // namespace quantscope::additive
