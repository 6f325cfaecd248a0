// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/hessian/feedback_factor.h"
#include "core/quant/code_grid.h"
#include "core/quant/run_context.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

struct FeedbackOptions {
    bool refit = false;     ///< Fit the scales of groups when they are reached.
    int descentPasses = 0;  ///< Of coordinate descent, at most; it ends when nothing moves.
};

/// Losses tr(E H' E^T), with the damped Hessian of the factor.
struct FeedbackResult {
    std::vector<double> columnLosses;  ///< D_j |r_j|^2 at each step, before descent.
    double loss = 0.0;                 ///< Their sum.
    double descentGain = 0.0;          ///< What descent took off the loss.
    /// Over a sample of at most 256 rows: the loss, descent included, and that of rounding to
    /// nearest on the grid as it was fitted.
    double sampledLoss = 0.0;
    double nearestLoss = 0.0;
};

/// Rounds all rows of `weights` on `grid` with error feedback and commits their codes. Rows are
/// independent, so pieces of them run in parallel; the same bits at any thread count. Throws Error
/// (weights that are not finite, a grid whose codes do not fit the order) or Cancelled.
FeedbackResult roundWithFeedback(const TensorSource& weights, const Hessian& hessian,
                                 const FeedbackFactor& factor, CodeGrid& grid,
                                 const FeedbackOptions& options, const RunContext& context);

/// Memory that it takes besides the grid, roughly.
std::uint64_t feedbackBytes(Index rows, Index cols);

}  // namespace quantscope
