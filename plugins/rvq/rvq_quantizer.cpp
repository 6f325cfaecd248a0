// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_quantizer.h"

#include "core/base/squared_norm.h"
#include "core/kernels/residual_search.h"
#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"

namespace quantscope::rvq {
namespace {

// Multiply-adds of training and of encoding.
struct Work {
    double train = 0.0;
    double encode = 0.0;

    Work(const RvqSettings& settings, const RowVectors& layout) {
        const ResidualParameters parameters = settings.training();
        train = residualTrainingWork(parameters, settings.trainedVectors(layout), layout.dim);
        encode = static_cast<double>(layout.count()) * residualSearchWork(parameters, layout.dim);
    }
};

// Adds |x|^2 to the first of `sums`, and what is left after each stage to the others.
void addResidualEnergies(std::span<const CodewordPanels> stages, const RowVectors& layout,
                         Index firstVector, MatrixView vectors,
                         std::span<const std::uint32_t> codes, std::span<double> sums) {
    std::vector<float> residual;
    auto code = codes.begin();
    for (Index row = 0; row < vectors.rows; ++row) {
        const Index length = layout.length(firstVector + row);
        residual.assign(vectors.row(row).begin(), vectors.row(row).begin() + length);
        sums[0] += squaredNorm(residual);
        for (std::size_t stage = 0; stage < stages.size(); ++stage) {
            const auto codeword = stages[stage].codewords().row(static_cast<Index>(*code++));
            std::transform(residual.begin(), residual.end(), codeword.begin(), residual.begin(),
                           std::minus());
            sums[stage + 1] += squaredNorm(residual);
        }
    }
}

std::vector<double> residualShares(std::span<const double> sums) {
    std::vector<double> shares;
    for (const double sum : sums.subspan(1))
        shares.push_back(sums[0] > 0.0 ? sum / sums[0] : 0.0);
    return shares;
}

}  // namespace

RvqQuantizer::RvqQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)), m_settings(RvqSettings::from(ParameterValues(m_spec.parameters))) {}

Preflight RvqQuantizer::preflight(Index rows, Index cols, const SideInformation& /*side*/) const {
    Preflight result = m_settings.preflight(rows, cols);
    if (!result.refusal.empty()) return result;
    const Work work(m_settings, m_settings.layout(rows, cols));
    result.multiplyAdds = work.train + work.encode;
    return result;
}

EncodedTensor RvqQuantizer::quantize(const TensorSource& weights, const SideInformation& /*side*/,
                                     const RunContext& context, PhaseSeconds& seconds) const {
    const RowVectors layout = m_settings.layout(weights.rows(), weights.cols());
    const Work work(m_settings, layout);
    const double trained = work.train / (work.train + work.encode);
    int exponent = 0;
    ResidualCodebooks books;
    {
        const PhaseTimer timer(seconds.train);
        const TrainingSample sample = drawTrainingSample(
            weights, layout, m_settings.trainedVectors(layout), context.part(0.0, 0.0, 0));
        exponent = sample.exponent;
        books = trainResidualCodebooks(sample.vectors.view(), m_settings.training(),
                                       CodewordFormat(m_settings.half, exponent),
                                       context.part(0.0, trained, 1));
    }
    const PhaseTimer timer(seconds.encode);
    const ResidualSearch search(books.stages, m_settings.beam, context.stop());
    const VectorEncoding encoding{
        .layout = layout,
        .exponent = exponent,
        .codesPerVector = m_settings.books,
        .bits = m_settings.bits,
        .multiplyAddsPerVector = residualSearchWork(m_settings.training(), layout.dim),
        .encode = [&](MatrixView vectors,
                      std::span<std::uint32_t> codes) { search.search(vectors, codes); },
        .measure =
            [&](Index firstVector, MatrixView vectors, std::span<const std::uint32_t> codes,
                std::span<double> sums) {
                addResidualEnergies(books.stages, layout, firstVector, vectors, codes, sums);
            },
        .sumCount = books.stages.size() + 1};
    EncodedVectors coded =
        encodeVectors(weights, encoding, codesSection, context.part(trained, 1.0, 2));

    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    encoded.header["training_vectors"] = m_settings.trainedVectors(layout);
    encoded.header[residualEnergyKey] = residualShares(coded.sums);
    encoded.sections.push_back(std::move(coded.codes));
    m_settings.store(books.stages, exponent, codebookSection, encoded);
    return encoded;
}

}  // namespace quantscope::rvq
