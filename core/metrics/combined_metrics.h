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
};

/// The metrics of several tensors together; ratios are of sums, not means of ratios. Each metric is
/// over the tensors on which it is known, and absent where there is none:
/// - MSE, RMSE: total squared error over the number of weights;
/// - NMSE, SQNR, Gaussian gap: total squared error over total energy;
/// - Hessian-weighted error: sum tr(E H E^T) / sum tr(W H W^T);
/// - largest absolute error: the largest; dead codes: the sum;
/// - all others: means, weighted by the numbers of weights.
///
/// A squared error is known from any one of MSE, RMSE, NMSE and SQNR; ratios need the energies.
/// `bitsPerWeight` is the total of bits over the total of weights, for the Gaussian gap.
TrialMetrics combineMetrics(std::span<const MeasuredTensor> tensors, double bitsPerWeight);

}  // namespace quantscope
