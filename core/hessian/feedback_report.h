// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/hessian/error_feedback.h"
#include "core/hessian/feedback_factor.h"
#include "core/quant/quantizer.h"

namespace quantscope {

// What all methods with error feedback tell before and after they run.

/// Adds the work and the memory of error feedback over a rows x cols tensor to `preflight`, and for
/// small Hessians whose values are known the gain to expect, or a refusal where they cannot be
/// factored. `hessian` is full and fits the tensor.
void addFeedback(Preflight& preflight, Index rows, Index cols, const Hessian& hessian,
                 ColumnOrder order, double damping);

/// Writes into the details of `header`, of an encoded tensor: expected_gain, damping, obtained_gain
/// (the damped layer loss over that of rounding to nearest, where that is not 0) and dead_channels
/// if there are any. To its remarks go `remarks` first, then those on a raised damping and on dead
/// channels. `damping` is what was asked for.
void describeFeedback(const FeedbackFactor& factor, const FeedbackResult& result, double damping,
                      const std::vector<std::string>& remarks, Json& header);

}  // namespace quantscope
