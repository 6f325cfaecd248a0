// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/quant/run_context.h"
#include "core/quant/side_information.h"

namespace quantscope::lowrank {

/// The rows x cols matrix of errors that factors are fitted to, in double precision.
struct Errors {
    Index rows = 0;
    Index cols = 0;
    std::vector<double> values;  ///< Row-major.
};

/// The directions of outputs that hold most of the loss: at most `rank` orthonormal vectors of
/// `errors.rows` components, the leading eigenvectors of E H E^T (of E E^T without a Hessian), one
/// per row of the result; fewer when its rank is less.
///
/// With H = P L P^T, EoRA (Liu et al. 2024) takes the best rank-r approximation of E P sqrt(L),
/// B A', and A = A' L^(-1/2) P^T. By its singular vectors, B = U_r and A' = U_r^T E P sqrt(L), so
/// that A = U_r^T E: neither has H to be factored, nor are directions of inputs without energy
/// divided by anything.
std::vector<double> leadingOutputs(const Errors& errors, const Hessian* hessian, Index rank,
                                   const RunContext& context);

/// The right factor, count x cols, that is best for a left one whose `count` columns of
/// `errors.rows` components are the rows of `left`: A = (B^T B)^+ B^T E, whatever the Hessian.
/// Throws Cancelled.
std::vector<double> bestRightFactor(const Errors& errors, const std::vector<double>& left,
                                    Index count, const std::stop_token& stop);

}  // namespace quantscope::lowrank
