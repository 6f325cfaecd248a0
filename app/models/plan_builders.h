// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <map>
#include <stop_token>
#include <string>

#include "app/models/plot_data.h"
#include "core/run/allocation_plan.h"

namespace quantscope {

/// The bars of a plan, in its order. `choices` and `ties`: what it was made from; `families`:
/// method ids by trial id.
PlanData buildPlan(const AllocationPlan& plan, const std::vector<TensorChoices>& choices,
                   const std::vector<std::vector<std::string>>& ties,
                   const std::map<std::string, std::string>& families);

/// Plans of `count` budgets from the cheapest settings to the dearest, evenly spaced in bits, with
/// the single methods that every tensor has. Budgets that no plan meets are left out. Throws
/// Cancelled.
BudgetCurveData buildBudgetCurve(const std::vector<TensorChoices>& choices,
                                 const AllocationRequest& request, int count,
                                 const std::stop_token& stop);

/// Bits per weight of all tensors together, with the cheapest settings and with the dearest.
struct BudgetRange {
    double least = 0.0;
    double most = 0.0;

    /// The same in whole hundredths of a bit that a person would type, neither below its bound.
    double lowest() const { return std::ceil(100.0 * least - 1e-9) / 100.0; }
    double highest() const { return std::ceil(100.0 * most - 1e-9) / 100.0; }
};
BudgetRange budgetRange(const std::vector<TensorChoices>& choices);

/// The groups of tensors that usually share a setting, because one kernel reads them together: q, k
/// and v, and gate and up. Only those that the choices have.
std::vector<std::vector<std::string>> usualTies(const std::vector<TensorChoices>& choices);

}  // namespace quantscope
