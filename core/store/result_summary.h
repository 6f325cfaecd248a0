// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/store/run_info.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// The records in the order of the run's plan; those of trials that the run does not name come
/// last.
std::vector<TrialRecord> inPlanOrder(std::vector<TrialRecord> records, const RunInfo& run);

/// One method over all tensors that it was applied to.
struct MethodSummary {
    std::string methodText;
    std::size_t tensors = 0;  ///< With a result.
    std::size_t failed = 0;
    Index weights = 0;
    RateLedger rate;
    double bitsPerWeight = 0.0;  ///< Sum of bits / sum of weights.
    TrialMetrics metrics;        ///< Of all tensors together; see combineMetrics.
    PhaseSeconds seconds;        ///< Sums.
};

/// Adds up `records`, which are all of one method; at least one. Failed ones are counted only.
MethodSummary summarizeMethod(std::span<const TrialRecord* const> records);

/// A method and what it makes of the file.
struct MethodInFile {
    MethodSummary summary;
    /// Bits per element of the whole file when this method's results replace their tensors and all
    /// others stay as they are stored. Data with several names count once.
    double fileBitsPerWeight = 0.0;
};

/// One summary per method, in the order of the records.
std::vector<MethodInFile> summarizeMethods(std::span<const TrialRecord> records,
                                           const RunInfo& run);

}  // namespace quantscope
