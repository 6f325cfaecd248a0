// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/additive/additive_quantizer.h"

#include <algorithm>
#include <utility>

#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"

namespace quantscope::additive {
namespace {

// The search keeps the products of all pairs of codewords.
std::string refuseProducts(const AdditiveSettings& settings) {
    constexpr Index mostCodewords = Index{1} << 14;
    const Index codewords = settings.codewordsInAll();
    if (codewords <= mostCodewords) return {};
    return "The search keeps the products of all pairs of codewords, and " +
           std::to_string(codewords) + " codewords in all are more than the " +
           std::to_string(mostCodewords) +
           " it has room for. Choose m * 2^bits <= " + std::to_string(mostCodewords) + ", or rvq.";
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

// How many of the vectors that are not trained on judge the codebooks.
Index judgingVectors(Index trained, Index all) {
    constexpr Index most = 4096;
    constexpr Index share = 8;
    return std::min({most, (trained + share - 1) / share, all - trained});
}

// The rows of a sample that train, and `judging` evenly spaced ones that judge.
std::pair<Matrix, Matrix> split(MatrixView sample, Index judging) {
    std::pair<Matrix, Matrix> parts{Matrix(sample.rows - judging, sample.cols),
                                    Matrix(judging, sample.cols)};
    Index judges = 0;
    for (Index row = 0; row < sample.rows; ++row) {
        const bool judge = judges < judging && row == judges * sample.rows / judging;
        const MatrixSpan to = judge ? parts.second.span().middleRows(judges, 1)
                                    : parts.first.span().middleRows(row - judges, 1);
        std::ranges::copy(sample.row(row), to.row(0).begin());
        if (judge) ++judges;
    }
    return parts;
}

}  // namespace

AdditiveQuantizer::AdditiveQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)),
      m_settings(AdditiveSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight AdditiveQuantizer::preflight(Index rows, Index cols,
                                       const SideInformation& /*side*/) const {
    Preflight result;
    result.refusal = refuseProducts(m_settings);
    if (result.refusal.empty()) result = m_settings.preflight(rows, cols);
    if (!result.refusal.empty()) return result;
    // The products of the best codebooks so far and of those on trial.
    result.workingBytes += 2 * AdditiveSearch::productBytes(m_settings.codewordsInAll());
    const Work work(m_settings, m_settings.layout(rows, cols));
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
        const Index judging = judgingVectors(m_settings.trainedVectors(layout), layout.count());
        const TrainingSample sample =
            drawTrainingSample(weights, layout, m_settings.trainedVectors(layout) + judging,
                               context.part(0.0, 0.0, 0));
        exponent = sample.exponent;
        const auto [train, judge] = split(sample.vectors.view(), judging);
        training =
            trainAdditive(train.view(), judge.view(), m_settings.training(),
                          CodewordFormat(m_settings.half, exponent), context.part(0.0, trained, 1));
    }
    const PhaseTimer timer(seconds.encode);
    const VectorEncoding encoding{
        .layout = layout,
        .exponent = exponent,
        .widths = m_settings.widths,
        .multiplyAddsPerVector = additiveSearchWork(m_settings.training(), layout.dim),
        .encode = [&](Index, MatrixView vectors, std::span<std::uint32_t> codes) {
            training.codebooks->encode(vectors, codes);
        }};
    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    encoded.header["training_vectors"] = m_settings.trainedVectors(layout);
    encoded.sections.push_back(
        encodeVectors(weights, encoding, codesSection, context.part(trained, 1.0, 2)).codes);
    m_settings.store(training.codebooks->books(), exponent, codebookSection, encoded);
    return encoded;
}

}  // namespace quantscope::additive
