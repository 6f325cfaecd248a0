// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/gptq/gptq_quantizer.h"

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/hessian/error_feedback.h"
#include "core/hessian/feedback_report.h"
#include "core/hessian/refit_rounds.h"

namespace quantscope::gptq {

namespace {

/// What is done with a grid whose codes stand for some channels: codes stay whole, in the tensor's
/// order.
struct Course {
    ColumnOrder order = ColumnOrder::Natural;
    FeedbackOptions options;
    std::vector<std::string> remarks = {};
};

Course courseOn(Index channels, const GptqSettings& settings) {
    Course course;
    course.order = settings.order;
    course.options.refit = settings.refits();
    course.options.descentPasses = settings.descent;
    if (channels > 1 && settings.order != ColumnOrder::Natural) {
        course.order = ColumnOrder::Natural;
        course.remarks.push_back("A code of the base method stands for " +
                                 std::to_string(channels) +
                                 " consecutive channels, so channels were rounded in the order of "
                                 "the tensor.");
    }
    return course;
}

void describe(const RefitResult& refit, EncodedTensor& encoded) {
    Json& details = encoded.header["details"];
    details["refit_rounds"] = refit.rounds.size();
    if (refit.before > 0.0) details["refit_gain"] = refit.after() / refit.before;
    Json losses = Json::array({refit.before});
    for (const RefitRound& round : refit.rounds)
        losses.push_back(refit.rechooses ? round.rechosen : round.fitted);
    details["refit_losses"] = std::move(losses);
    if (refit.fits && refit.rechooses) return;
    Json& remarks = encoded.header["remarks"];
    if (!refit.fits)
        remarks.push_back("The base method stores nothing that could be fitted to its codes.");
    if (!refit.rechooses)
        remarks.push_back("The codes of the base method cannot be chosen anew once they are set.");
}

}  // namespace

GptqQuantizer::GptqQuantizer(const MethodSpec& spec, const MethodRegistry& registry)
    : m_settings(GptqSettings::from(ParameterValues(spec.parameters))),
      m_base(registry.quantizer(m_settings.base)) {
    if (!m_base->hasGrid()) {
        throw Error("The base method '" + m_settings.base.id +
                    "' does not go with error feedback: " + m_base->refuseGrid(1));
    }
}

std::string GptqQuantizer::refusal(Index cols, const SideInformation& side) const {
    if (!side.hessian) {
        return "Error feedback needs the Hessian of the layer's inputs, and there is none for this "
               "tensor. Name a file with --hessians (the calibrate command makes one), or use the "
               "base method alone.";
    }
    const std::string noGrid = m_base->refuseGrid(cols);
    if (!noGrid.empty()) return noGrid;
    if (side.hessian->size != cols) {
        return "The Hessian is for " + std::to_string(side.hessian->size) +
               " input channels, but the tensor has " + std::to_string(cols) +
               ". Choose the Hessian that belongs to it, or change the folding.";
    }
    if (!side.hessian->isFull()) {
        return "Only the diagonal of the Hessian is known, and with it error feedback is rounding "
               "to nearest. Give the full matrix, or use the base method alone.";
    }
    return {};
}

Preflight GptqQuantizer::preflight(Index rows, Index cols, const SideInformation& side) const {
    Preflight result = m_base->preflight(rows, cols, side);
    if (result.refusal.empty()) result.refusal = refusal(cols, side);
    if (!result.refusal.empty()) return result;
    const auto n = static_cast<double>(cols);
    const auto weights = static_cast<double>(rows) * n;
    result.multiplyAdds +=
        weights * n * (m_settings.descent + refitRoundWork() * m_settings.rounds);
    const Course course = courseOn(m_base->channelsPerCode(cols), m_settings);
    addFeedback(result, rows, cols, *side.hessian, course.order, m_settings.damping);
    return result;
}

EncodedTensor GptqQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context, PhaseSeconds& seconds) const {
    const std::string refused = refusal(weights.cols(), side);
    if (!refused.empty()) throw Error(refused);
    const std::unique_ptr<CodeGrid> grid =
        m_base->fitGrid(weights, side, context.part(0.0, 0.1, 0), seconds);
    const Course course = courseOn(grid->columnsPerCode(), m_settings);
    const FeedbackFactor factor = [&] {
        const PhaseTimer timer(seconds.train);
        context.progress(0.1, "factoring the Hessian");
        return factorForFeedback(*side.hessian, course.order, m_settings.damping, context.stop());
    }();
    const PhaseTimer timer(seconds.encode);
    const double rounded = m_settings.rounds > 0 ? 0.4 : 1.0;
    const FeedbackResult result = roundWithFeedback(weights, *side.hessian, factor, *grid,
                                                    course.options, context.part(0.2, rounded, 1));
    std::optional<RefitResult> refit;
    if (m_settings.rounds > 0) {
        refit = refitInRounds(weights, *side.hessian, factor, *grid, m_settings.rounds,
                              context.part(rounded, 1.0, 2));
    }
    EncodedTensor encoded = grid->finish();
    describeFeedback(factor, result, m_settings.damping, course.remarks, encoded.header);
    if (refit) describe(*refit, encoded);
    return encoded;
}

}  // namespace quantscope::gptq
