// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/run_context.h"

namespace quantscope {

/// Where there are more rows than this for each seed, and more than leastSeedingRows, seeds are
/// chosen among a sample of so many, drawn evenly from the rows with weight: k-means++ looks at
/// every row for every choice, and over all rows it would take longer than the iterations that
/// follow. These end at the same objective (tests/bench/RESULTS.md).
inline constexpr Index seedingRowsPerSeed = 16;
inline constexpr Index leastSeedingRows = 4096;

/// Rows of `x` (n x dim) to start k-means from, chosen by k-means++: the first at random, each
/// further one with a probability proportional to its squared distance from the nearest row chosen
/// so far (Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007,
/// section 2.2). Distances from several new seeds are found at once, at the speed of an assignment;
/// rejection keeps the probabilities as they would be one by one. `weights` (n values >= 0, or
/// empty for all 1) multiply the probabilities. When fewer than `count` rows differ, some rows are
/// chosen again. Draws from context.random(0); needs another min(n, max(4096, 16 count)) * (dim +
/// 2) floats. Throws Cancelled.
std::vector<Index> seedRows(MatrixView x, std::span<const float> weights, Index count,
                            const RunContext& context);

}  // namespace quantscope
