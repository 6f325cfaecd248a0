// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/hessian/hessian_file.h"
#include "core/io/tensor_file.h"
#include "core/model/reference_states.h"
#include "core/run/tensor_choices.h"

namespace quantscope {

/// What tensors are ranked by; see allocateByRank.
enum class ImportanceScore {
    Trace,         ///< tr H / n, with the Hessians of the run (HAWQ-V2: Dong et al. 2020).
    LargeWeights,  ///< Share of weights with |z| > 1, z in standard deviations from the mean.
    LayerChange,   ///< 1 - cos of a layer's input and output.
};

/// "trace", "large_weights", "layer_change". Throws Error with "did you mean" otherwise.
ImportanceScore parseImportanceScore(const std::string& text);

/// tr H / n of every tensor, n input channels. Throws Error when a tensor has no Hessian, and
/// Cancelled.
std::map<std::string, double> hessianTraces(const std::vector<TensorChoices>& choices,
                                            const HessianFile& hessians,
                                            const std::stop_token& stop);

/// The share of a tensor's weights with |z| > 1, z = (w - mean) / deviation (z-score distribution
/// of LayerwiseQuant: Dumitru et al. 2024, which counts z > 1; here both tails count, since errors
/// of negative weights cost as much). Same bits at any thread count. `file` is the one that the run
/// quantized. Throws Error and Cancelled.
std::map<std::string, double> largeWeightShares(const std::vector<TensorChoices>& choices,
                                                const TensorFile& file,
                                                const std::stop_token& stop);

/// For the tensors of a model's layers, the mean over all positions of 1 - cos(x, y), where x
/// enters the layer and y leaves it (layer input modification of LayerwiseQuant; ShortGPT: Men et
/// al. 2024). Same bits at any thread count. Throws Error when the run has no tensor of a layer,
/// and Cancelled.
std::map<std::string, double> layerChanges(const std::vector<TensorChoices>& choices,
                                           const ForwardPass& pass, const TokenRows& tokens,
                                           const RunContext& context);

}  // namespace quantscope
