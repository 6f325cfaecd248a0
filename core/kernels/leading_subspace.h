// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/run_context.h"

namespace quantscope {

/// A symmetric, positive semidefinite n x n matrix M that is only known by what it does.
struct SymmetricOperator {
    Index size = 0;  ///< n
    Index rank = 0;  ///< At least the rank of M, at most n.
    /// X M for `count` rows X (count x n, row-major). Should throw Cancelled.
    std::function<std::vector<double>(const std::vector<double>& rows, Index count)> times;
};

/// The largest eigenvalues of a matrix, descending, and their orthonormal eigenvectors.
struct LeadingSubspace {
    std::vector<double> values;
    std::vector<double> vectors;  ///< values.size() x n, row-major.

    Index count() const { return static_cast<Index>(values.size()); }
};

/// How many eigenvectors can be asked for.
inline constexpr Index mostLeadingVectors = 192;

/// At most `wanted` <= mostLeadingVectors leading eigenvectors of M, fewer when its rank is less.
/// From a dense solver, exact but for rounding, when n or the rank is at most 384. Otherwise a
/// randomized block Krylov method (Musco and Musco, "Randomized block Krylov methods for stronger
/// and faster approximate singular value decomposition", 2015) with restarts, until the sum of the
/// eigenvalues hardly rises: where eigenvalues lie close together, vectors of the later ones may
/// stand in for each other, at nearly the same sum. Random numbers come from context.random(0); the
/// same bits at any thread count. Throws Cancelled.
LeadingSubspace leadingSubspace(const SymmetricOperator& matrix, Index wanted,
                                const RunContext& context);

/// A B for row-major doubles, A rows x inner and B inner x cols; in parallel, the same bits at any
/// thread count. `bTransposed`: B is given as cols x inner. Throws Cancelled.
std::vector<double> parallelProduct(const std::vector<double>& a, const std::vector<double>& b,
                                    Index rows, Index inner, Index cols, bool bTransposed,
                                    const std::stop_token& stop);

}  // namespace quantscope
