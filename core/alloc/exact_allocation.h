// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/alloc/greedy_allocation.h"

namespace quantscope {

/// An allocation and what is known of how good it is.
struct ExactAllocation {
    Allocation allocation;
    bool isOptimal = true;  ///< False when the search was cut short; then see `bound`.
    double bound = 0.0;     ///< No allocation within the budget has a smaller loss.
};

/// The allocation with the least total loss within a hard budget: dynamic programming over the
/// parts, on lists of partial sums (bits, loss) of which none is worse than another in both
/// (Nemhauser and Ullmann 1969). Settings and sums that, with the Lagrangian bounds of the parts
/// still to come at several prices, cannot beat the best allocation known are dropped, which leaves
/// short lists; that one is the greedy one, or what a first pass with very short lists finds. If a
/// list still grows beyond `mostSums`, those with the best bounds are kept and the result is no
/// longer certain to be the optimum. Throws Error when even the cheapest settings exceed the
/// budget.
ExactAllocation allocateExactly(std::span<const RateDistortionCurve> curves, std::uint64_t budget,
                                std::size_t mostSums = 5000);

}  // namespace quantscope
