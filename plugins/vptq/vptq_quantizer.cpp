// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_quantizer.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/hessian/error_feedback.h"
#include "core/hessian/feedback_report.h"
#include "core/quant/codeword_format.h"
#include "core/quant/nearest_rounding.h"
#include "core/quant/training_sample.h"
#include "core/quant/wrapped_base.h"
#include "plugins/vptq/vptq_grid.h"
#include "plugins/vptq/vptq_training.h"

namespace quantscope::vptq {

namespace {

CodebookDemand demandOf(const VptqSettings& settings, const ColumnKind& kind, Index rows) {
    const RowVectors layout = kind.layout(rows);
    return {static_cast<int>(kind.stages()),
            std::ranges::max(kind.bits),
            std::ranges::min(kind.bits) == std::ranges::max(kind.bits),
            layout.count(),
            settings.trainedVectors(layout),
            kind.parameter};
}

// Distances of all vectors from all codewords, for each iteration and twice when seeding.
double trainingWork(const VptqSettings& settings, Index rows, Index cols) {
    double work = 0.0;
    for (const ColumnKind& kind : settings.kinds(cols)) {
        const auto vectors = static_cast<double>(settings.trainedVectors(kind.layout(rows)));
        for (Index stage = 0; stage < kind.stages(); ++stage) {
            work += vectors * static_cast<double>(kind.codewords(stage) * kind.dim) *
                    (settings.iterations + 2.0);
        }
    }
    return work;
}

double searchWork(const VptqSettings& settings, Index rows, Index cols) {
    constexpr double beam = 8.0;
    double work = 0.0;
    for (const ColumnKind& kind : settings.kinds(cols)) {
        const auto vectors = static_cast<double>(kind.layout(rows).count());
        for (Index stage = 0; stage < kind.stages(); ++stage) {
            work += vectors * static_cast<double>(kind.codewords(stage) * kind.dim) *
                    (stage == 0 ? 1.0 : beam);
        }
    }
    return work;
}

std::string fillingWarning(const ColumnKind& kind, Index rows) {
    if (rows % kind.dim == 0) return {};
    return "The " + std::to_string(rows) + " rows are no multiple of " + std::to_string(kind.dim) +
           "; the last vector of each column is filled up with zeros, and its code costs as much "
           "as the others.";
}

}  // namespace

VptqQuantizer::VptqQuantizer(MethodSpec spec)
    : m_spec(std::move(spec)), m_settings(VptqSettings::from(ParameterValues(m_spec.parameters))) {}

bool VptqQuantizer::carriesErrors(const SideInformation& side) const {
    return m_settings.feedback && side.hessian && side.hessian->isFull();
}

std::string VptqQuantizer::refusal(Index rows, Index cols, const SideInformation& side) const {
    const std::string unfit = refuseSide(rows, cols, side);
    if (!unfit.empty()) return unfit;
    const std::vector<ColumnKind> kinds = m_settings.kinds(cols);
    if (kinds.size() > 1 && !side.hessian) {
        return "Outlier columns are those with the largest diagonal of the Hessian, and there is "
               "none for this tensor. Name a file with --hessians, or choose outliers=0.";
    }
    for (const ColumnKind& kind : kinds) {
        const std::string untrained = refuseTraining(demandOf(m_settings, kind, rows));
        if (!untrained.empty()) return untrained;
    }
    return {};
}

Preflight VptqQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result;
    result.refusal = refusal(rows, cols, side);
    if (!result.refusal.empty()) return result;
    for (const ColumnKind& kind : m_settings.kinds(cols)) {
        std::ranges::copy(trainingWarnings(demandOf(m_settings, kind, rows)),
                          std::back_inserter(result.warnings));
        const std::string filling = fillingWarning(kind, rows);
        if (!filling.empty()) result.warnings.push_back(filling);
    }
    if (m_settings.outlierPercent > 0.0 && m_settings.outlierColumns(cols) == 0) {
        result.warnings.push_back("The share of outlier columns is less than one of the " +
                                  std::to_string(cols) + " columns, so there are none.");
    }
    std::ranges::copy(ineffectiveParameters(vptqParameters(), m_spec.parameters),
                      std::back_inserter(result.warnings));
    result.rate = rateOf(m_settings, rows, cols);
    const auto weights = static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols);
    result.workingBytes = (3 * sizeof(float) + sizeof(std::uint32_t)) * weights;
    result.multiplyAdds = trainingWork(m_settings, rows, cols) + searchWork(m_settings, rows, cols);
    if (carriesErrors(side))
        addFeedback(result, rows, cols, *side.hessian, m_settings.order, m_settings.damping);
    return result;
}

std::unique_ptr<CodeGrid> VptqQuantizer::fitGrid(const TensorSource& weights,
                                                 const SideInformation& side,
                                                 const RunContext& context,
                                                 PhaseSeconds& seconds) const {
    // The stream of random numbers that quantize() trains with in the same context.
    return trainedGrid(weights, side, context.part(0.0, 1.0, 0), seconds);
}

std::unique_ptr<CodeGrid> VptqQuantizer::trainedGrid(const TensorSource& weights,
                                                     const SideInformation& side,
                                                     const RunContext& context,
                                                     PhaseSeconds& seconds) const {
    const PhaseTimer timer(seconds.train);
    const Index cols = weights.cols();
    const std::string refused = refusal(weights.rows(), cols, side);
    if (!refused.empty()) throw Error(refused);
    EncodedTensor encoded{m_spec, weights.rows(), cols, Json::object(), {}};
    encoded.sections.push_back(
        m_settings.gains.store(rootMeanSquares(weights, m_settings.gains, context.stop())));
    const std::vector<ColumnKind> kinds = m_settings.kinds(cols);
    std::vector<std::vector<Index>> columns(kinds.size());
    std::vector<Index> outliers;
    if (kinds.size() > 1) {
        outliers = largestColumns(side.hessian->diagonal, kinds[1].columns);
        encoded.sections.push_back(columnMap(cols, outliers));
        columns[1] = outliers;
    }
    for (Index c = 0; c < cols; ++c) {
        if (!std::ranges::binary_search(outliers, c)) columns[0].push_back(c);
    }
    const DividedSource divided(weights, m_settings.gains, m_settings.gains.load(encoded));
    const TrainedBooks trained =
        trainBooks(divided, m_settings, kinds, columns, side.hessian.get(), context);
    const CodewordFormat format(m_settings.half, trained.exponent);
    for (std::size_t k = 0; k < kinds.size(); ++k) {
        for (Index stage = 0; stage < kinds[k].stages(); ++stage) {
            encoded.sections.push_back(
                format.store(bookSection(kinds[k], stage),
                             trained.books[k][static_cast<std::size_t>(stage)].view()));
        }
    }
    encoded.sections.push_back(format.storeExponent());
    return std::make_unique<VptqGrid>(std::move(encoded), context.stop());
}

EncodedTensor VptqQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context, PhaseSeconds& seconds) const {
    const double training = trainingWork(m_settings, weights.rows(), weights.cols());
    const double trained =
        training / (training + searchWork(m_settings, weights.rows(), weights.cols()));
    const std::unique_ptr<CodeGrid> grid =
        trainedGrid(weights, side, context.part(0.0, trained, 0), seconds);
    const PhaseTimer timer(seconds.encode);
    const RunContext coding = context.part(trained, 1.0, 1);
    if (!carriesErrors(side)) {
        roundToNearest(weights, *grid, coding);
        EncodedTensor encoded = grid->finish();
        if (!side.hessian) {
            encoded.header["remarks"] = {
                "There is no Hessian: codebooks count all columns alike, "
                "and rounding errors are not carried on."};
        } else if (!side.hessian->isFull()) {
            encoded.header["remarks"] = {
                "Only the diagonal of the Hessian is known: codebooks are "
                "weighted by it, but rounding errors are not carried "
                "from column to column."};
        }
        return encoded;
    }
    const FeedbackFactor factor =
        factorForFeedback(*side.hessian, m_settings.order, m_settings.damping, context.stop());
    const FeedbackResult result =
        roundWithFeedback(weights, *side.hessian, factor, *grid, {}, coding);
    EncodedTensor encoded = grid->finish();
    describeFeedback(factor, result, m_settings.damping, {}, encoded.header);
    return encoded;
}

}  // namespace quantscope::vptq
