// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/alloc/greedy_allocation.h"

namespace quantscope {

/// The choice that a price on bits leads to.
struct LagrangianAllocation {
    Allocation allocation;  ///< Within the budget.
    double price = 0.0;     ///< Loss per bit, >= 0.
    /// No allocation within the budget has a smaller loss: the maximum over prices p of
    /// sum_j min_i (loss + p bits) - p budget.
    double bound = 0.0;
};

/// For a price p every part takes the setting with the least loss + p bits; p is found by bisection
/// so that the total just fits (Shoham and Gersho 1988). Only settings on the lower convex hulls
/// are ever chosen. Throws Error when even the cheapest settings exceed the budget.
LagrangianAllocation allocateByPrice(std::span<const RateDistortionCurve> curves,
                                     std::uint64_t budget);

}  // namespace quantscope
