// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>

#include "app/models/plot_data.h"
#include "app/models/result_set.h"
#include "core/run/allocation_plan.h"
#include "core/run/budget_curve.h"

namespace quantscope {

/// The bars of a plan, in its order. `choices` and `ties`: what it was made from; `families`:
/// method ids by trial id.
PlanData buildPlan(const AllocationPlan& plan, const std::vector<TensorChoices>& choices,
                   const std::vector<std::vector<std::string>>& ties,
                   const std::map<std::string, std::string>& families);

/// The loss of every tensor with one method alone: `method` (its text), or where that is none of
/// those that all tensors have, the one of them nearest to `bitsPerWeight`. Without a name for its
/// losses, and without the family. Empty when the tensors have no method in common.
SensitivityData buildSensitivity(const std::vector<TensorChoices>& choices,
                                 const std::string& method, double bitsPerWeight);

/// The trials that tell what error feedback was expected to gain and what it gained.
GainData buildGains(const RecordList& records);

/// The curve as the plot draws it, without a name for its losses.
BudgetCurveData budgetCurveData(const BudgetCurve& curve);

}  // namespace quantscope
