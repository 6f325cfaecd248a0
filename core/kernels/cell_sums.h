// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Sums over the rows that were given to each codeword: what a codebook update needs.
struct CellSums {
    std::vector<double> rows;           ///< count x dim: sums of w x.
    std::vector<double> masses;         ///< count: sums of w.
    std::vector<std::uint64_t> counts;  ///< count: rows, whatever they weigh.

    CellSums(Index count, Index dim);

    void add(const CellSums& more);
    /// Sum of w times the squared distance of the rows from the centroids (count x dim) that they
    /// were given to; `energy` is their sum of w |x|^2. Not below 0.
    double distortion(MatrixView centroids, double energy) const;
    /// Moves the centroids to the means of their rows; those without mass stay.
    void moveToMeans(MatrixSpan centroids) const;
};

/// Sums the rows of `x` (n x dim) by their `codes` (n values below `count`), in double precision.
/// `weights`: n values, or empty for all 1. The order of additions depends on the shape alone: the
/// same bits at any number of threads. Throws Cancelled.
CellSums sumCells(MatrixView x, std::span<const std::uint32_t> codes,
                  std::span<const float> weights, Index count, const std::stop_token& stop);

}  // namespace quantscope
