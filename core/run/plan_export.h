// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/quant/method.h"
#include "core/run/allocation_plan.h"

namespace quantscope {

/// What a plan is written for.
enum class PlanFormat {
    OwnJson,        ///< This program: `apply`, `evaluate`.
    Csv,            ///< Tables: one line a tensor (RFC 4180).
    LlamaCpp,       ///< llama-quantize --tensor-type-file.
    GptqModel,      ///< GPTQModel's QuantizeConfig with `dynamic`.
    LlmCompressor,  ///< A recipe of llm-compressor: compressed-tensors' config_groups.
};

/// "json", "csv", "llama.cpp", "gptqmodel", "llm-compressor", in the order of PlanFormat.
std::span<const std::string_view> planFormatNames();
/// Throws Error with "did you mean" for anything else.
PlanFormat parsePlanFormat(const std::string& text);

struct ExportedPlan {
    std::string text;
    /// What its reader does otherwise than the plan, and what is to be known: whole sentences.
    std::vector<std::string> notes;
};

/// The plan in another program's words. Patterns over names are anchored, and each tensor is meant
/// by one of them; `modelTensors` are the names of all tensors of the model (may be empty), so that
/// none is meant that the plan does not name. The text was read back, as its reader does it, and
/// found to say what the plan says. Throws Error that lists every method or tensor that the other
/// program has no equivalent for, and, for programs whose models vLLM loads, the layers that it
/// fuses (q/k/v, gate/up) but the plan gives different settings.
ExportedPlan exportPlan(const AllocationPlan& plan, PlanFormat format,
                        const std::vector<std::string>& modelTensors,
                        const MethodRegistry& registry);

/// The tensors of the model that the plan's run quantized, as its result folder tells them; none
/// when the folder is gone.
std::vector<std::string> modelTensorsOf(const AllocationPlan& plan);

}  // namespace quantscope
