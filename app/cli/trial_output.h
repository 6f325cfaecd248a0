// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ostream>
#include <span>

#include "core/base/json.h"
#include "core/store/run_info.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// A trial as `quantize --json` prints it. All parts of the rate are in bits per weight. One that
/// failed has the keys tensor, method and error alone.
Json trialJson(const TrialRecord& record);

/// One line per trial. Parts of the rate that are zero everywhere, and metrics that apply nowhere,
/// have no column.
void printTrials(std::span<const TrialRecord> records, std::ostream& out);

/// One line per method: its totals over all tensors, and what the whole file then costs.
void printSummary(std::span<const TrialRecord> records, const RunInfo& run, std::ostream& out);

/// What people should know about the trials: each different warning and cause of failure once, but
/// for the cause of the first failure, which the last line of the program's output says.
void printWarnings(std::span<const TrialRecord> records, std::ostream& out);

}  // namespace quantscope
