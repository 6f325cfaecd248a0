// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/base/matrix_view.h"
#include "core/metrics/trial_metrics.h"

namespace quantscope {

/// The metrics of one tensor among several.
struct MeasuredTensor {
    const TrialMetrics* metrics = nullptr;
    Index weights = 0;
    double bits = 0.0;  ///< Everything that is stored for it.
};

/// The metrics of several tensors together; ratios are of sums, not means of ratios. Each metric is
/// over the tensors on which it is known, and absent where there is none:
/// - MSE, RMSE: total squared error over the number of weights;
/// - NMSE, SQNR: total squared error over total energy;
/// - Gaussian gap, share of Shannon's SQNR: that SQNR against the bits of the same tensors;
/// - Hessian-weighted error: sum tr(E H E^T) / sum tr(W H W^T);
/// - largest absolute error: the largest; dead codes: the sum;
/// - all others: means, weighted by the numbers of weights.
///
/// A squared error is known from any one of MSE, RMSE, NMSE and SQNR; ratios need the energies.
TrialMetrics combineMetrics(std::span<const MeasuredTensor> tensors);

}  // namespace quantscope
