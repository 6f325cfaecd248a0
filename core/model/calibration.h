// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/model/forward_pass.h"
#include "core/model/token_rows.h"

namespace quantscope {

/// What was seen at the input x of one or more linear layers.
struct LayerCalibration {
    std::vector<std::string> tensors;  ///< The matrices that x enters: q, k and v share one input.
    Index channels = 0;
    std::vector<double> hessian;  ///< (2/n) sum x x^T, channels x channels, row-major.
    Matrix activations;           ///< x at the sampled positions, one per row.
};

/// Receives the inputs of a model one after another; each may be large.
using CalibrationSink = std::function<void(const LayerCalibration&)>;

/// `sample` positions of `count`, ascending, drawn by `seed`; all of them if there are no more.
std::vector<Index> sampledPositions(Index count, Index sample, std::uint64_t seed);

/// Runs the model over all tokens, layer by layer, and gives the inputs of its linear layers (the
/// head included, last) to `sink`: Hessians over all n positions, in double, and activations at
/// `positions` (ascending row-major positions in the tokens). Holds the hidden states of all
/// positions and one Hessian at a time. Same bits at any thread count. Throws Cancelled.
void calibrate(const ForwardPass& pass, const TokenRows& tokens,
               const std::vector<Index>& positions, const RunContext& context,
               const CalibrationSink& sink);

/// The same, written to a file that HessianFile reads: hessian/<tensor> (float64),
/// activations/<tensor> (float32) and activation_positions; tensors with the same input share one
/// dataset. `origin` is the model's name. Appears when it is complete. Throws Error.
void writeCalibration(const std::filesystem::path& path, const std::string& origin,
                      const ForwardPass& pass, const TokenRows& tokens,
                      const std::vector<Index>& positions, const RunContext& context);

}  // namespace quantscope
