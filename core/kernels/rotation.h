// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Orthonormal axes of rows of data, by falling variance along them.
struct PrincipalAxes {
    Matrix axes;  ///< dim x dim; each column is an axis.
    std::vector<double> variances;
};

/// What the axes go through.
enum class AxesCentre {
    Mean,    ///< Of the rows: the eigenvectors of their covariance.
    Origin,  ///< The eigenvectors of the second moments; the first k keep the most energy.
};

/// Of the rows of `x` (n x dim, n > 0). Same bits at any thread count. Throws Cancelled, but the
/// decomposition itself, about 20 dim^3 operations, runs to its end. Throws Error when it does not
/// converge.
PrincipalAxes principalAxes(MatrixView x, AxesCentre centre, const std::stop_token& stop);

/// The R (dim x kept, kept <= dim) with orthonormal columns for which |x - y R^T|^2 over all rows
/// is least (orthogonal Procrustes problem: Schoenemann, Psychometrika 1966): the orthogonal factor
/// of x^T y, by Newton-Schulz iterations. Directions in which x and y share nothing are taken from
/// `before`, a matrix of that kind. `x`: n x dim, `y`: n x kept. Same bits at any thread count.
/// Throws Cancelled.
Matrix nearestRotation(MatrixView x, MatrixView y, MatrixView before, const std::stop_token& stop);

/// to = from * rotation, row by row; `to` must not overlap `from`. Serial.
void rotateRows(MatrixView from, MatrixView rotation, MatrixSpan to);
/// from * rotation, in parallel; throws Cancelled.
Matrix rotatedRows(MatrixView from, MatrixView rotation, const std::stop_token& stop);
/// to = from * transposed rotation; likewise.
void rotateRowsBack(MatrixView from, MatrixView rotation, MatrixSpan to);

}  // namespace quantscope
