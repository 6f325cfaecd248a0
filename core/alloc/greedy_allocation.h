// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace quantscope {

/// What a part costs and loses under one setting.
struct RatePoint {
    std::uint64_t bits = 0;
    double loss = 0.0;
};

/// The settings of a part, by strictly ascending bits; at least one.
using RateDistortionCurve = std::vector<RatePoint>;

/// One setting for every part.
struct Allocation {
    std::vector<std::size_t> choices;  ///< Index into the curve of each part.
    std::uint64_t bits = 0;            ///< Total; never above the budget.
    double loss = 0.0;                 ///< Total.
};

/// The allocation that gives these settings, indices into the curve of each part.
Allocation summed(std::span<const RateDistortionCurve> curves, std::vector<std::size_t> choices);

/// Chooses settings with a small total loss within a hard budget. Starts from `start` (indices into
/// the curves, such as a rounded closed form; empty means the cheapest settings), steps down along
/// the lower convex hulls of the curves where that costs the least loss per bit until the budget is
/// met, then up where it gains the most, exchanges a step down for a step up while that helps, and
/// at last spends what is left on whatever still fits. With convex curves of equal steps the result
/// is the optimum (Fox 1966). Throws Error when even the cheapest settings exceed the budget, or
/// Cancelled.
Allocation allocateGreedily(std::span<const RateDistortionCurve> curves, std::uint64_t budget,
                            std::span<const std::size_t> start = {},
                            const std::stop_token& stop = {});

}  // namespace quantscope
