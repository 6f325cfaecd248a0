// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/run/allocation_plan.h"
#include "core/run/allocation_units.h"

namespace quantscope {

/// A request as allocators see it: units with curves, and a budget in whole bits.
struct AllocationProblem {
    std::vector<AllocationUnit> units;
    std::vector<RateDistortionCurve> curves;  ///< Of the units.
    double weights = 0.0;                     ///< Of all tensors.
    std::uint64_t budget = 0;
};

/// One method for all units, locked ones aside, as an allocation.
using UniformAllocation = std::pair<UniformBaseline, Allocation>;

/// Throws Error when a lock or tie does not fit the choices or the budget makes no sense, and
/// BudgetTooSmall.
AllocationProblem allocationProblem(const std::vector<TensorChoices>& choices,
                                    const AllocationRequest& request);

/// The most whole bits that `bitsPerWeight` for so many weights allows. A rate that was computed
/// from whole bits holds them, however many there are.
std::uint64_t wholeBits(double bitsPerWeight, double weights);

/// The allocation that gives each unit this setting: of its curve, or of those it dominates.
Allocation allocationOf(const AllocationProblem& problem, std::vector<std::size_t> settings);

/// All methods that every unit has a result of, by ascending bits.
std::vector<UniformAllocation> uniformAllocations(const AllocationProblem& problem,
                                                  const std::vector<TensorChoices>& choices);

/// The plan that an allocation of the problem is, without a bound.
AllocationPlan planOf(const AllocationProblem& problem, const std::vector<TensorChoices>& choices,
                      const AllocationRequest& request, const Allocation& allocation);

/// The settings of the units, indices into the curves, that a plan consists of; of results that
/// others dominate, the best one that costs no more. Throws Error when the plan holds a result that
/// is not among them: it was made from another run, with other locks or ties or by another loss.
std::vector<std::size_t> settingsOfPlan(const AllocationProblem& problem,
                                        const std::vector<TensorChoices>& choices,
                                        const AllocationPlan& plan);

}  // namespace quantscope
