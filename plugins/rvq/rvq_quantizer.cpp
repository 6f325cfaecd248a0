// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/rvq_quantizer.h"

#include <algorithm>

#include "core/kernels/vector_grid.h"
#include "core/quant/codeword_format.h"
#include "core/quant/training_sample.h"
#include "core/quant/vector_encoding.h"
#include "plugins/rvq/grouped_codebooks.h"
#include "plugins/rvq/stage_energies.h"

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

template <typename Books, typename View>
std::vector<MatrixView> viewsOf(const Books& books, const View& view) {
    std::vector<MatrixView> views;
    for (const auto& book : books)
        views.push_back(view(book));
    return views;
}

// What is stored besides the codes.
void storeBooks(const RvqSettings& settings, const RowVectors& layout,
                std::span<const MatrixView> books, int exponent, std::vector<double> residualShares,
                EncodedTensor& encoded) {
    encoded.header["training_vectors"] = settings.trainedVectors(layout);
    encoded.header[residualEnergyKey] = std::move(residualShares);
    settings.store(
        books, exponent, [&](Index book) { return settings.codebookSection(book); }, encoded);
}

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
    const StageEnergies energies(m_settings, layout);
    const std::vector<MatrixView> views =
        viewsOf(books.books(), [](const CodewordPanels& book) { return book.codewords(); });
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
                std::span<double> sums) { energies.add(views, firstVector, vectors, codes, sums); },
        .sumCount = energies.count()};
    EncodedVectors coded = encodeVectors(
        weights, encoding, codesSection,
        context.part(trained, 1.0, static_cast<std::uint64_t>(m_settings.groups()) + 1));

    EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
    encoded.sections.push_back(std::move(coded.codes));
    storeBooks(m_settings, layout, views, exponent, energies.shares(coded.sums), encoded);
    return encoded;
}

std::unique_ptr<CodeGrid> RvqQuantizer::fitGrid(const TensorSource& weights,
                                                const SideInformation& side,
                                                const RunContext& context,
                                                PhaseSeconds& seconds) const {
    const PhaseTimer timer(seconds.train);
    const RowVectors layout = m_settings.layout(weights.rows(), weights.cols());
    const TrainingSample sample = drawTrainingSample(
        weights, layout, m_settings.trainedVectors(layout), context.part(0.0, 0.0, 0));
    GroupedCodebooks trained(m_settings, layout);
    trained.train(sample, side, CodewordFormat(m_settings.half, sample.exponent), 1.0, context);
    VectorGrid::Books books{{}, sample.exponent, m_settings.half, trained.scales()};
    for (const CodewordPanels& book : trained.books()) {
        Matrix& codewords = books.codewords.emplace_back(book.count(), book.dim());
        std::copy_n(book.codewords().data, codewords.view().size(), codewords.data());
    }
    PartLayout parts{layout, m_settings.widths, m_settings.groups(), m_settings.stages()};
    parts.beam = m_settings.beam;
    const auto finish = [spec = m_spec, settings = m_settings, layout, exponent = sample.exponent,
                         &weights, stop = context.stop()](std::vector<std::uint8_t> codes,
                                                          const std::vector<Matrix>& codewords) {
        const std::vector<MatrixView> views =
            viewsOf(codewords, [](const Matrix& book) { return book.view(); });
        const StageEnergies energies(settings, layout);
        // The codes are there; what they leave is measured as they are read once more.
        const VectorEncoding encoding{
            .layout = layout,
            .exponent = exponent,
            .widths = settings.widths,
            .encode =
                [&](Index firstVector, MatrixView, std::span<std::uint32_t> out) {
                    settings.widths.unpack(codes, firstVector, out);
                },
            .measure =
                [&](Index firstVector, MatrixView vectors, std::span<const std::uint32_t> own,
                    std::span<double> sums) {
                    energies.add(views, firstVector, vectors, own, sums);
                },
            .sumCount = energies.count()};
        EncodedVectors coded = encodeVectors(weights, encoding, codesSection, RunContext(0, stop));
        EncodedTensor encoded{spec, weights.rows(), weights.cols(), Json::object(), {}};
        encoded.sections.push_back(std::move(coded.codes));
        storeBooks(settings, layout, views, exponent, energies.shares(coded.sums), encoded);
        return encoded;
    };
    return std::make_unique<VectorGrid>(std::move(parts), std::move(books), finish, context.stop());
}

}  // namespace quantscope::rvq
