// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/quant/quantized_tensor.h"
#include "core/run/trial_inputs.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// Runs one trial on the calling thread's arena and measures it. `metrics` are the ids to keep;
/// empty keeps all that apply. `kept` (may be null) receives the quantized tensor. A trial that
/// fails gives a record with an error. Throws Cancelled.
TrialRecord runTrial(const Trial& trial, const TrialInputs& inputs, const MethodRegistry& registry,
                     const std::vector<std::string>& metrics, const RunContext& context,
                     std::shared_ptr<const QuantizedTensor>* kept);

/// The record of a trial that has no result, and why.
TrialRecord failedTrial(const Trial& trial, const std::string& reason);

}  // namespace quantscope
