// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_quantizer.h"

#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"
#include "plugins/rvq/grouped_codebooks.h"

namespace quantscope::rvq {
namespace {

// Multiply-adds of training and of encoding.
struct Work {
    double train = 0.0;
    double encode = 0.0;

    Work(const RvqSettings& settings, const RowVectors& layout) {
        train = static_cast<double>(settings.groups()) *
                residualTrainingWork(settings.training(), settings.trainedVectors(layout),
                                     layout.dim / settings.groups());
        encode = static_cast<double>(layout.count()) * encodeWork(settings, layout);
    }

    static double encodeWork(const RvqSettings& settings, const RowVectors& layout) {
        return static_cast<double>(settings.groups()) *
               residualSearchWork(settings.training(), layout.dim / settings.groups());
    }
};

}  // namespace

RvqQuantizer::RvqQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)), m_settings(RvqSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight RvqQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result = m_settings.preflight(rows, cols);
    if (!result.refusal.empty()) return result;
    const RowVectors layout = m_settings.layout(rows, cols);
    result.refusal = m_settings.refuseSide(layout, side);
    if (!result.refusal.empty()) return result;
    if (m_settings.weighted) result.workingBytes += m_settings.scaledBytes(layout);
    const Work work(m_settings, layout);
    result.multiplyAdds = work.train + work.encode;
    return result;
}

EncodedTensor RvqQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                     const RunContext& context, PhaseSeconds& seconds) const {
    const RowVectors layout = m_settings.layout(weights.rows(), weights.cols());
    const Work work(m_settings, layout);
    const double trained = work.train / (work.train + work.encode);
    int exponent = 0;
    GroupedCodebooks books(m_settings, layout);
    {
        const PhaseTimer timer(seconds.train);
        const TrainingSample sample = drawTrainingSample(
            weights, layout, m_settings.trainedVectors(layout), context.part(0.0, 0.0, 0));
        exponent = sample.exponent;
        books.train(sample, side, CodewordFormat(m_settings.half, exponent), trained, context);
    }
    const PhaseTimer timer(seconds.encode);
    const VectorEncoding encoding{
        .layout = layout,
        .exponent = exponent,
        .widths = m_settings.widths,
        .multiplyAddsPerVector = Work::encodeWork(m_settings, layout),
        .encode =
            [&](Index firstVector, MatrixView vectors, std::span<std::uint32_t> codes) {
                books.encode(firstVector, vectors, codes);
            },
        .measure =
            [&](Index firstVector, MatrixView vectors, std::span<const std::uint32_t> codes,
                std::span<double> sums) { books.addEnergies(firstVector, vectors, codes, sums); },
        .sumCount = books.energyCount()};
    EncodedVectors coded = encodeVectors(
        weights, encoding, codesSection,
        context.part(trained, 1.0, static_cast<std::uint64_t>(m_settings.groups()) + 1));

    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    encoded.header["training_vectors"] = m_settings.trainedVectors(layout);
    encoded.header[residualEnergyKey] = books.residualShares(coded.sums);
    encoded.sections.push_back(std::move(coded.codes));
    m_settings.store(
        books.books(), exponent, [&](Index book) { return m_settings.codebookSection(book); },
        encoded);
    return encoded;
}

}  // namespace quantscope::rvq
