// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/run/allocation_plan.h"
#include "core/run/plan_export.h"

namespace quantscope {

/// A planned tensor with its method as the registry knows it.
struct RecipeTensor {
    const PlannedTensor* planned = nullptr;
    MethodSpec method;  ///< Resolved.
};

// One function per program; see exportPlan, which they are the parts of. `others`: the names of
// the model's tensors that the plan does not name.

ExportedPlan llamaCppRecipe(const std::vector<RecipeTensor>& tensors,
                            const std::vector<std::string>& others);
ExportedPlan gptqModelRecipe(const std::vector<RecipeTensor>& tensors,
                             const std::vector<std::string>& others);
ExportedPlan llmCompressorRecipe(const std::vector<RecipeTensor>& tensors,
                                 const std::vector<std::string>& others);

}  // namespace quantscope
