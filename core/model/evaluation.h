// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/forward_pass.h"
#include "core/model/token_rows.h"

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

/// Evaluates `model`, beside `reference` if there is one (not null), on the same tokens. Standard
/// errors come from the spread between rows, which are independent of each other (as tokens in a
/// row are not); with a single row, from the spread between its tokens. Same bits at any thread
/// count. Throws Cancelled.
Evaluation evaluate(const ForwardPass& model, const ForwardPass* reference, const TokenRows& tokens,
                    const RunContext& context);

}  // namespace quantscope
