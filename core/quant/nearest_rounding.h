// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/code_grid.h"
#include "core/quant/run_context.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Rounds all of `weights` on `grid` and commits the codes: what methods do that have a grid when
/// nobody else chooses their codes. Pieces of rows run in parallel; the same bits at any thread
/// count. Throws Error for weights that are not finite, or Cancelled.
void roundToNearest(const TensorSource& weights, CodeGrid& grid, const RunContext& context);

}  // namespace quantscope
