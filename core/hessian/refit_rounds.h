// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/hessian/feedback_factor.h"
#include "core/quant/code_grid.h"
#include "core/quant/run_context.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// The layer loss tr(E H' E^T) after each step of a round.
struct RefitRound {
    double fitted = 0.0;    ///< Coefficients fitted to the codes.
    double rechosen = 0.0;  ///< Codes chosen anew.
};

struct RefitResult {
    double before = 0.0;
    std::vector<RefitRound> rounds;
    bool fits = false;       ///< The grid has coefficients that can be fitted.
    bool rechooses = false;  ///< Its codes can be taken up again.

    double after() const { return rounds.empty() ? before : rounds.back().rechosen; }
};

/// After all rows of `grid` were committed: fits its coefficients to the codes on the layer loss
/// (fitToLayerLoss), then chooses codes anew by coordinate descent (CodeDescent), in turn, until a
/// round hardly gains or `rounds` of them are done. Each step is kept only where the loss, measured
/// in double precision, is lower. H' and the order of channels are those of `factor`. Same bits at
/// any thread count. No rounds where the grid offers neither. Throws Error for weights that are not
/// finite, or Cancelled.
RefitResult refitInRounds(const TensorSource& weights, const Hessian& hessian,
                          const FeedbackFactor& factor, CodeGrid& grid, int rounds,
                          const RunContext& context);

/// Multiply-adds of a round for each weight and input channel, roughly.
double refitRoundWork();

}  // namespace quantscope
