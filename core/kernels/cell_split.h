// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Gives codewords without rows something to do: one after the other, the cell with the largest
/// distortion sum w |x - c|^2 is cut through its centroid, across the main axis of its rows, and
/// the two halves get a codeword each, at their means. This can only lower the distortion.
///
/// `codes` (one per row of `x`) are the cells, and `centroids` (k x dim) their means; centroids of
/// the cells that change are replaced. `weights` as in kMeans. Returns the number of codewords
/// revived, which is less than the number of empty cells only when no cell with two different rows
/// is left. Throws Cancelled.
Index reviveEmptyCells(MatrixView x, std::span<const float> weights,
                       std::span<const std::uint32_t> codes, MatrixSpan centroids,
                       const std::stop_token& stop);

}  // namespace quantscope
