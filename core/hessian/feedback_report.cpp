// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/feedback_report.h"

#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

// Up to this size a Hessian is factored to tell the gain before anything runs.
constexpr Index factoredAtOnce = 512;

}  // namespace

void addFeedback(Preflight& preflight, Index rows, Index cols, const Hessian& hessian,
                 ColumnOrder order, double damping) {
    const auto n = static_cast<double>(cols);
    preflight.multiplyAdds += n * n * n / 6.0 + static_cast<double>(rows) * n * n / 2.0;
    const auto square = static_cast<std::uint64_t>(cols) * static_cast<std::uint64_t>(cols);
    preflight.workingBytes += square * (sizeof(double) + sizeof(float)) + feedbackBytes(rows, cols);
    if (cols > factoredAtOnce || !hessian.hasValues()) return;
    try {
        preflight.expectedGain = factorForFeedback(hessian, order, damping, {}).expectedGain();
    } catch (const Error& error) {
        preflight.refusal = error.fullText();
    }
}

void describeFeedback(const FeedbackFactor& factor, const FeedbackResult& result, double damping,
                      const std::vector<std::string>& remarks, Json& header) {
    Json& details = header["details"];
    if (!details.is_object()) details = Json::object();
    details["expected_gain"] = factor.expectedGain();
    details["damping"] = factor.damping;
    if (result.nearestLoss > 0.0)
        details["obtained_gain"] = result.sampledLoss / result.nearestLoss;
    std::vector<std::string> all = remarks;
    if (factor.damping > damping) {
        all.push_back("The Hessian could not be factored with a damping of " +
                      formatNumber(damping) + "; it was raised to " + formatNumber(factor.damping) +
                      ".");
    }
    if (!factor.dead.empty()) {
        details["dead_channels"] = factor.dead.size();
        const std::string first = std::to_string(factor.dead.front());
        all.push_back(factor.dead.size() == 1
                          ? "Input channel " + first +
                                " is always 0 in the calibration data; no errors are carried to "
                                "it or from it."
                          : std::to_string(factor.dead.size()) +
                                " input channels are always 0 in the calibration data (the first "
                                "is " +
                                first + "); no errors are carried to them or from them.");
    }
    for (std::string& remark : all)
        header["remarks"].push_back(std::move(remark));
}

}  // namespace quantscope
