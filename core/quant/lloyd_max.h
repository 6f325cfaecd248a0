// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <stop_token>
#include <vector>

namespace quantscope {

/// A place on the line and how much mass lies there.
struct WeightedPoint {
    double value = 0.0;
    double mass = 0.0;
};

/// The `count` levels, ascending, that (nearly) minimise the sum over points of
/// mass x (value - nearest level)^2 (Lloyd 1957/1982, Max 1960). `points` are ascending and may
/// stand for histogram cells by their centroids. Starts from the optimum of a coarsened problem,
/// found by dynamic programming, and iterates to convergence; exact while there are at most 2048
/// points. With fewer points than levels the last point repeats; without points all levels are 0.
std::vector<double> lloydMaxLevels(std::span<const WeightedPoint> points, int count);

/// The levels that minimise the same sum exactly, by dynamic programming over all points (Wu 1991);
/// O(count n log n) time and 4 bytes x count x n of memory. Throws Cancelled.
std::vector<double> optimalLevels(std::span<const WeightedPoint> points, int count,
                                  const std::stop_token& stop);

}  // namespace quantscope
