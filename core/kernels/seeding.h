// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/run_context.h"

namespace quantscope {

/// Rows of `x` (n x dim) to start k-means from, chosen by k-means++: the first at random, each
/// further one with a probability proportional to its squared distance from the nearest row chosen
/// so far (Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007,
/// section 2.2). Every row is looked at for every choice. `weights` (n values >= 0, or empty for
/// all 1) multiply the probabilities. When fewer than `count` rows differ, some rows are chosen
/// again. Draws from context.random(0); needs another n * (dim + 2) floats. Throws Cancelled.
std::vector<Index> seedRows(MatrixView x, std::span<const float> weights, Index count,
                            const RunContext& context);

}  // namespace quantscope
