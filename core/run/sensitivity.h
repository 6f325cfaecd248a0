// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>

#include "core/model/evaluation.h"
#include "core/quant/method.h"
#include "core/run/model_override.h"
#include "core/run/tensor_choices.h"

namespace quantscope {

/// How much of the model's divergence, in nats a token,
/// each tensor causes per unit of its loss: for every tensor the model is run with that tensor
/// alone replaced by its result nearest to `bitsPerWeight`, and the divergence divided by the
/// result's loss. Losses multiplied by this add up across tensors to what the model loses, to first
/// order. `folder` is the result folder that the choices come from. Same bits at any thread count.
/// Throws Error (an artifact is missing) or Cancelled.
std::map<std::string, double> measureSensitivities(const LanguageModel& model,
                                                   const std::vector<TensorChoices>& choices,
                                                   const std::filesystem::path& folder,
                                                   double bitsPerWeight, const TokenRows& tokens,
                                                   const MethodRegistry& registry,
                                                   const RunContext& context);

}  // namespace quantscope
