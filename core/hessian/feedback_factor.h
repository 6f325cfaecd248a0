// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/quant/side_information.h"

namespace quantscope {

/// In which order the input channels of a layer are rounded.
enum class ColumnOrder {
    Natural,
    Descending,  ///< Largest diagonal value of H first ("act-order").
    Ascending,   ///< The worst order; for comparison.
};

/// How rounding errors are carried from one input channel to the next. With channels in the chosen
/// order and H' = H + damping x mean(diag H) I,
///     H' = (I + M) D (I + M)^T,   M strictly upper triangular, D diagonal,
/// so the layer loss tr(E H' E^T) is the sum over channels j of D_j |r_j|^2, where column
/// r_j = e_j + sum_{k<j} e_k M_kj. Rounding w_j + sum_{k<j} (w_k - q_k) M_kj to the nearest makes
/// each r_j as small as the grid allows: GPTQ (Frantar et al. 2022), in the form of LDLQ
/// (Chee et al. 2023). D_j = 1 / U_jj^2 for the Cholesky factor U of the inverse of H'.
struct FeedbackFactor {
    Index size = 0;
    std::vector<Index> order;  ///< The channel at each step.
    /// M transposed, row-major: coefficient(j, k) for k < j, zero elsewhere.
    std::vector<float> coefficients;
    std::vector<double> pivots;  ///< D.
    double damping = 0.0;        ///< Of mean(diag H); at least what was asked for.
    double trace = 0.0;          ///< Of H'.
    std::vector<Index> dead;     ///< Channels whose input is always 0: they get no feedback.

    const float* row(Index j) const { return coefficients.data() + j * size; }
    /// tr D / tr H': the loss to expect over that of rounding to nearest, for errors of equal size
    /// in all channels.
    double expectedGain() const;
};

/// Factors a full Hessian. When H' is not safely positive definite, the damping is raised tenfold
/// until it is. Throws Error when that does not help (H is not positive semidefinite) and when
/// there is no full matrix; and Cancelled. Same bits at any thread count.
FeedbackFactor factorForFeedback(const Hessian& hessian, ColumnOrder order, double damping,
                                 const std::stop_token& stop);

}  // namespace quantscope
