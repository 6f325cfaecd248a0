// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/model/language_model.h"

namespace quantscope {

/// A place in a layer where one vector per position enters one or more linear layers.
enum class LinearInput { Attention, AttentionOutput, FeedForward, FeedForwardOutput };
inline constexpr std::array allLinearInputs = {LinearInput::Attention, LinearInput::AttentionOutput,
                                               LinearInput::FeedForward,
                                               LinearInput::FeedForwardOutput};

/// The linear layers that share an input: "self_attn.q_proj", ...
std::span<const std::string_view> linearLayersAt(LinearInput input);

/// The forward pass of a model over one row of tokens: activations are matrices of positions x
/// channels in float32. Loops inside run in parallel; the same bits at any thread count. Keeps a
/// copy of the model. All calls from any thread; each throws Cancelled.
class ForwardPass {
public:
    /// Told the inputs of linear layers as they occur.
    using Tap = std::function<void(LinearInput input, MatrixView activations)>;

    explicit ForwardPass(LanguageModel model);

    const LanguageModel& model() const { return m_model; }

    /// Rows of the embedding.
    Matrix embed(std::span<const std::int32_t> tokens) const;
    /// One layer, in place.
    void layer(Index index, MatrixSpan hidden, const Tap& tap, const std::stop_token& stop) const;
    /// The norm after the last layer, in place.
    void finalNorm(MatrixSpan hidden) const;
    /// All of the above.
    Matrix hiddenStates(std::span<const std::int32_t> tokens, const std::stop_token& stop) const;
    /// Logits (positions x vocabulary) of normed hidden states.
    void logits(MatrixView hidden, MatrixSpan out) const;

private:
    struct Rotation {
        std::vector<float> cosines;  ///< Positions x half a head.
        std::vector<float> sines;
    };

    void rotate(MatrixSpan heads) const;
    Matrix attention(MatrixView queries, MatrixView keys, MatrixView values,
                     const std::stop_token& stop) const;

    LanguageModel m_model;
    Rotation m_rotation;
};

/// The continuation of `tokens` by `count` tokens, each of them the likeliest.
std::vector<std::int32_t> continueGreedily(const ForwardPass& pass,
                                           std::vector<std::int32_t> tokens, Index count,
                                           const std::stop_token& stop);

}  // namespace quantscope
