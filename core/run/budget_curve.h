// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/run/allocation_plan.h"

namespace quantscope {

/// Bits per weight of all tensors together, with the cheapest settings and with the dearest.
struct BudgetRange {
    double least = 0.0;
    double most = 0.0;

    /// The same in whole hundredths of a bit that a person would type, neither below its bound.
    double lowest() const { return hundredthsAbove(least); }
    double highest() const { return hundredthsAbove(most); }
    /// To a tenth of a bit, as somebody would say it, but never less than can be had.
    double middle() const;

private:
    static double hundredthsAbove(double bits);
};
BudgetRange budgetRange(const std::vector<TensorChoices>& choices);

/// The groups of tensors that usually share a setting, because one kernel reads them together: q, k
/// and v, and gate and up. Only those that the choices have.
std::vector<std::vector<std::string>> usualTies(const std::vector<TensorChoices>& choices);

/// What plans lose at many budgets.
struct BudgetCurve {
    struct Point {
        double requestedBitsPerWeight = 0.0;
        double bitsPerWeight = 0.0;  ///< Achieved.
        double loss = 0.0;
        double bound = 0.0;  ///< No plan within the budget loses less.
    };
    std::vector<Point> plans;              ///< By ascending achieved bits, no two alike.
    std::vector<UniformBaseline> uniform;  ///< One method for all tensors, by bits.
};

/// Plans of `count` >= 2 budgets from the cheapest settings to the dearest, evenly spaced in bits,
/// with the single methods that every tensor has; the budget of `request` does not count. Budgets
/// that no plan meets are left out. Throws Error when a lock or tie does not fit the choices, and
/// Cancelled.
BudgetCurve budgetCurve(const std::vector<TensorChoices>& choices, const AllocationRequest& request,
                        int count, const std::stop_token& stop);

}  // namespace quantscope
