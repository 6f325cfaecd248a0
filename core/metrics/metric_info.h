// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace quantscope {

/// Which direction of a metric is the good one.
enum class Better { Lower, Higher };

/// How a metric is shown and what it means; the source of tooltips, axis titles and the manual.
struct MetricInfo {
    std::string_view id;    ///< Key in JSON and in specs: "sqnr_db".
    std::string_view name;  ///< For people, sentence case: "SQNR".
    std::string_view unit;  ///< "dB", "bits per weight"; empty for plain ratios and counts.
    Better better = Better::Lower;
    std::string_view formula;  ///< With W the weights, Q their reconstruction and E = W - Q.
    std::string_view remark;   ///< Limits and special cases, in a sentence or two.
};

/// Every metric, in the order in which tables show them.
std::span<const MetricInfo> allMetrics();

/// Throws Error with "did you mean" for an unknown id.
const MetricInfo& metricInfo(std::string_view id);

}  // namespace quantscope
