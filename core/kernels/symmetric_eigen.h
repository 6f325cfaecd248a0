// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Eigenvalues, descending, and orthonormal eigenvectors of a symmetric matrix.
struct SymmetricEigen {
    std::vector<double> values;   ///< n
    std::vector<double> vectors;  ///< n x n, row-major; row k belongs to values[k].
};

/// `matrix`: n x n, row-major; the lower half counts. O(n^3), serial, and not to be interrupted:
/// 0.2 s for n = 512. The sign of every vector is such that its largest component is positive.
/// Throws Error when the iteration does not converge.
SymmetricEigen symmetricEigen(std::span<const double> matrix, Index n);

}  // namespace quantscope
