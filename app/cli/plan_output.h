// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ostream>

#include "core/base/json.h"
#include "core/run/planner.h"

namespace quantscope {

/// What a run would do and cost: {run, trials: [{tensor, method, bits_per_weight, rate,
/// memory_bytes, over_budget, warnings} or {tensor, method, refusal}], peak_memory_bytes,
/// memory_budget_bytes, artifact_bytes, duration ("seconds", "minutes" or "hours"), remarks}.
/// `budget` in bytes.
Json planJson(const Plan& plan, std::uint64_t budget);

void printPlan(const Plan& plan, std::ostream& out);

}  // namespace quantscope
