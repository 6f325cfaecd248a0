// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/model/language_model.h"
#include "core/model/token_rows.h"
#include "core/quant/method.h"

namespace quantscope {

/// How the layers of a model are quantized one after the other.
struct SequentialOptions {
    /// Code weights that make up for the errors of the layers before; see correctedWeights().
    /// Otherwise only the Hessians follow the quantized model.
    bool correct = true;
    double damping = 0.01;  ///< Of the correction, as a part of the mean of H's diagonal.
};

/// Receives every tensor when it is quantized, in the order of the computation.
using QuantizedSink = std::function<void(const std::string& tensor, const EncodedTensor& encoded)>;

/// Quantizes matrices of a language model in the order of the computation, each by the method given
/// for it (others stay as they are), with the Hessian (2/n) sum y y^T of the inputs y that the
/// model quantized so far gives it on `tokens`. Layers that share an input are done together. Holds
/// the hidden states of all positions twice. Same bits at any thread count. Throws Error (a name
/// that is no matrix of the model, a method that refuses) or Cancelled.
void quantizeSequentially(const LanguageModel& model, const TokenRows& tokens,
                          const std::map<std::string, MethodSpec>& methods,
                          const SequentialOptions& options, const MethodRegistry& registry,
                          const RunContext& context, const QuantizedSink& sink);

}  // namespace quantscope
