// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ostream>
#include <set>
#include <string>

#include "core/base/json.h"
#include "core/run/planner.h"

namespace quantscope {

/// What a run would do and cost: {run, trials: [{tensor, method, bits_per_weight, rate,
/// memory_bytes, over_budget, recorded, warnings} or {tensor, method, recorded, refusal}],
/// peak_memory_bytes, memory_budget_bytes, artifact_bytes, duration ("seconds", "minutes" or
/// "hours"), remarks}. `done` are the ids of trials that are recorded already; `budget` in bytes.
Json planJson(const Plan& plan, const std::set<std::string>& done, std::uint64_t budget);

void printPlan(const Plan& plan, const std::set<std::string>& done, std::ostream& out);

}  // namespace quantscope
