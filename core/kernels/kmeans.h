// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/run_context.h"

namespace quantscope {

/// Which codewords are taken away from their rows and given to cells with a large error.
enum class Revival {
    None,
    Empty,  ///< Those without rows.
    Rare,   ///< In the first half of the iterations also those with less than a tenth of the mean.
};

/// How codewords follow from the rows they were given.
enum class CodebookUpdate {
    Means,   ///< Each is the mean of its rows (Lloyd 1982).
    Linear,  ///< All together: the first codebook times the best matrix, C = C0 A.
};

/// Which rows a codeword gets while codebooks are trained.
enum class Assignment {
    Nearest,   ///< Those that it is nearest to.
    Balanced,  ///< About equally many for each (BalancedAssignment); weights do not count there.
};

struct KMeansParameters {
    Index count = 256;    ///< k, the number of centroids.
    int iterations = 25;  ///< At most so many assignments and updates (Lloyd 1982); 0: the start.
    double relativeGain =
        1e-5;  ///< Ends when the objective falls by less than this share of itself.
    Revival revival = Revival::Empty;
    CodebookUpdate update = CodebookUpdate::Means;
    Assignment assignment = Assignment::Nearest;
};

struct KMeansResult {
    Matrix centroids;  ///< count x dim; the means that followed from the last assignment.
    /// Mean squared distance (weighted, per unit of weight) of the rows from their centroids at
    /// each assignment. Never rises, but for rounding (about 1e-15 of the mean square of the rows),
    /// when rare codewords are revived, and with balanced assignments.
    std::vector<double> objectives;
    std::vector<std::uint64_t> counts;  ///< Rows per centroid at the last assignment.
    Index revived = 0;                  ///< How often a codeword was given new rows.

    int iterations() const { return static_cast<int>(objectives.size()); }
};

/// k-means of the rows of `x` (n x dim, finite) in squared Euclidean distance: k-means++
/// (seedRows), then Lloyd iterations; cells that run empty split the worst ones (reviveEmptyCells).
/// When `x` has fewer different rows than centroids, some centroids stay unused.
///
/// With CodebookUpdate::Linear the codewords stay linear images of those at the start, as in SimVQ
/// (Zhu et al. 2024), whose gradient steps least squares replaces: A = (C0^T N C0)^-1 C0^T S, with
/// the masses N and the sums S of the cells. So codewords without rows move with the others, and
/// none is revived. O(count dim^2 + dim^3) in one piece for each iteration.
///
/// `weights`: n values >= 0, not all 0, or empty for all 1. `start`: count x dim centroids to start
/// from instead of seeding, or a view without data. Sums are formed in double precision over blocks
/// that depend on the shape alone: the same bits at any number of threads. Random numbers come from
/// context.random(0); progress counts iterations, and their objectives are told as shares of the
/// mean square of the rows. Throws Cancelled.
KMeansResult kMeans(MatrixView x, const KMeansParameters& parameters, const RunContext& context,
                    std::span<const float> weights = {}, MatrixView start = {});

}  // namespace quantscope
