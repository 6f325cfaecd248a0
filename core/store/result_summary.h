// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/store/run_info.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// The records in the order of the run's plan; those of trials that the run does not name come
/// last.
std::vector<TrialRecord> inPlanOrder(std::vector<TrialRecord> records, const RunInfo& run);

/// One method over all tensors that it was applied to; ratios are of sums, not means of ratios.
struct MethodSummary {
    std::string methodText;
    std::size_t tensors = 0;  ///< With a result.
    std::size_t failed = 0;
    Index weights = 0;
    RateLedger rate;
    double bitsPerWeight = 0.0;          ///< Sum of bits / sum of weights.
    std::optional<double> nmse;          ///< Sum |W - Q|^2 / sum |W|^2; absent if not measured.
    std::optional<double> sqnrDb;        ///< -10 log10 of that.
    std::optional<double> hessianError;  ///< Sum tr(E H E^T) / sum tr(W H W^T), where H is known.
    PhaseSeconds seconds;                ///< Sums.
    /// Bits per element of the whole file when this method's results replace their tensors and all
    /// others stay as they are stored.
    double fileBitsPerWeight = 0.0;
};

/// One summary per method, in the order of the records.
std::vector<MethodSummary> summarizeMethods(std::span<const TrialRecord> records,
                                            const RunInfo& run);

}  // namespace quantscope
