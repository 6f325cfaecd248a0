// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/gptq/gptq_quantizer.h"

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/hessian/error_feedback.h"

namespace quantscope::gptq {

namespace {

// Up to this size a Hessian is factored to tell the gain before anything runs.
constexpr Index factoredAtOnce = 512;

/// What is done with a grid: codes of several channels stay whole, in the tensor's order.
struct Course {
    ColumnOrder order = ColumnOrder::Natural;
    FeedbackOptions options;
    Json remarks = Json::array();
};

Course courseOn(const CodeGrid& grid, const GptqSettings& settings) {
    Course course;
    course.order = settings.order;
    course.options.refit = settings.refits();
    course.options.descentPasses = settings.descent;
    const Index channels = grid.columnsPerCode();
    if (channels == 1) return course;
    const std::string why = "A code of the base method stands for " + std::to_string(channels) +
                            " consecutive channels, so ";
    if (settings.order != ColumnOrder::Natural) {
        course.order = ColumnOrder::Natural;
        course.remarks.push_back(why + "channels were rounded in the order of the tensor.");
    }
    if (settings.descent > 0) {
        course.options.descentPasses = 0;
        course.remarks.push_back(why + "there were no descent passes.");
    }
    return course;
}

void describe(const FeedbackFactor& factor, const FeedbackResult& result, double damping,
              Json remarks, Json& header) {
    Json details{{"expected_gain", factor.expectedGain()}, {"damping", factor.damping}};
    if (result.nearestLoss > 0.0)
        details["obtained_gain"] = result.sampledLoss / result.nearestLoss;
    if (!factor.dead.empty()) details["dead_channels"] = factor.dead.size();
    header["details"] = std::move(details);
    if (factor.damping > damping) {
        remarks.push_back("The Hessian could not be factored with a damping of " +
                          formatNumber(damping) + "; it was raised to " +
                          formatNumber(factor.damping) + ".");
    }
    if (!factor.dead.empty()) {
        remarks.push_back(std::to_string(factor.dead.size()) +
                          " input channels are always 0 in the calibration data (the first is " +
                          std::to_string(factor.dead.front()) +
                          "); their weights are rounded to nearest.");
    }
    if (!remarks.empty()) header["remarks"] = std::move(remarks);
}

}  // namespace

GptqQuantizer::GptqQuantizer(const MethodSpec& spec, const MethodRegistry& registry)
    : m_settings(GptqSettings::from(ParameterValues(spec.parameters))),
      m_base(registry.quantizer(m_settings.base)) {
    if (!m_base->hasGrid()) {
        throw Error("The method '" + m_settings.base.id +
                        "' has no grid on which codes could be chosen column by column.",
                    "Choose another base, for example scalar.");
    }
}

std::string GptqQuantizer::refusal(Index cols, const SideInformation& side) const {
    if (!side.hessian) {
        return "Error feedback needs the Hessian of the layer's inputs, and there is none for this "
               "tensor. Name a file with --hessians (the calibrate command makes one), or use the "
               "base method alone.";
    }
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
    result.multiplyAdds += n * n * n / 6.0 + weights * n / 2.0 * (1.0 + 2.0 * m_settings.descent);
    const auto square = static_cast<std::uint64_t>(cols) * static_cast<std::uint64_t>(cols);
    result.workingBytes += square * (sizeof(double) + sizeof(float)) + feedbackBytes(rows, cols);
    if (cols > factoredAtOnce || !side.hessian->hasValues()) return result;
    try {
        const FeedbackFactor factor =
            factorForFeedback(*side.hessian, m_settings.order, m_settings.damping, {});
        result.expectedGain = factor.expectedGain();
    } catch (const Error& error) {
        result.refusal = error.fullText();
    }
    return result;
}

EncodedTensor GptqQuantizer::quantize(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context, PhaseSeconds& seconds) const {
    const std::string refused = refusal(weights.cols(), side);
    if (!refused.empty()) throw Error(refused);
    const std::unique_ptr<CodeGrid> grid =
        m_base->fitGrid(weights, side, context.part(0.0, 0.1, 0), seconds);
    const Course course = courseOn(*grid, m_settings);
    const FeedbackFactor factor = [&] {
        const PhaseTimer timer(seconds.train);
        context.progress(0.1, "factoring the Hessian");
        return factorForFeedback(*side.hessian, course.order, m_settings.damping, context.stop());
    }();
    const PhaseTimer timer(seconds.encode);
    const FeedbackResult result = roundWithFeedback(weights, *side.hessian, factor, *grid,
                                                    course.options, context.part(0.2, 1.0, 1));
    EncodedTensor encoded = grid->finish();
    describe(factor, result, m_settings.damping, course.remarks, encoded.header);
    return encoded;
}

}  // namespace quantscope::gptq
