// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/model/forward_pass.h"
#include "core/model/reference_states.h"

namespace quantscope {

/// How well a model predicts given tokens: in every row, positions 1 .. length - 1 from those
/// before them.
struct Evaluation {
    Index predictions = 0;
    double meanLoss = 0.0;       ///< Mean negative log likelihood, in nats.
    double perplexity = 0.0;     ///< exp(meanLoss)
    double standardError = 0.0;  ///< Of the perplexity.
    /// Mean Kullback-Leibler divergence sum_i p_i log(p_i / q_i) of the model's q from the
    /// reference's p, in nats; 0 without a reference.
    double divergence = 0.0;
    double divergenceError = 0.0;  ///< Its standard error.
};

/// Evaluates `model` on all tokens. Standard errors come from the spread between rows, which are
/// independent of each other (as tokens in a row are not); with a single row, from the spread
/// between its tokens. Same bits at any thread count. Throws Cancelled.
Evaluation evaluate(const ForwardPass& model, const TokenRows& tokens, const RunContext& context);

/// The same beside a reference, on the reference's tokens: all of them, or these rows of them.
Evaluation evaluate(const ForwardPass& model, const ReferenceStates& reference,
                    const RunContext& context);
Evaluation evaluate(const ForwardPass& model, const ReferenceStates& reference,
                    std::span<const Index> rows, const RunContext& context);

/// The reference itself, on its tokens.
Evaluation evaluate(const ReferenceStates& reference, const RunContext& context);

}  // namespace quantscope
