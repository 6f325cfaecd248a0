// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/quant/method.h"
#include "core/run/allocation_plan.h"

namespace quantscope {

/// What a search minimizes.
enum class SearchObjective {
    Divergence,  ///< Mean Kullback-Leibler divergence from the unquantized model, nats a token.
    Perplexity,
};

/// "divergence", "perplexity". Throws Error with "did you mean" otherwise.
SearchObjective parseSearchObjective(const std::string& text);
std::string searchObjectiveText(SearchObjective objective);

/// How a plan is searched for.
struct PlanSearchRequest {
    std::filesystem::path folder;  ///< Of the run.
    std::filesystem::path model;   ///< The file that the run quantized.
    std::filesystem::path tokens;  ///< Not those that judge the plan.
    std::filesystem::path prober;  ///< See OpenOptions.
    SearchObjective objective = SearchObjective::Divergence;
    int generations = 60;
    int offspring = 16;
    std::uint64_t seed = 0;
    /// How the losses of the choices were measured, and whether the model weighed them: the search
    /// depends on it, so the plan tells it.
    LossMeasure loss = LossMeasure::Weight;
    bool isWeighed = false;
};

/// Lets the plan that `request` asks for evolve on the model's own loss (see allocateByEvolution;
/// rows of tokens are the samples): within the same budget, locks and ties, among the settings that
/// the losses of `choices` do not rule out. The plan is never worse on these tokens than the one it
/// starts from; see AllocationPlan::search. Nothing is kept of an interrupted search: the same
/// request and choices give the same plan again. Same plan at any thread count. Throws what
/// planAllocation does, Error when the model is not the one the run quantized or an artifact is
/// missing, and Cancelled.
AllocationPlan searchPlan(const std::vector<TensorChoices>& choices,
                          const AllocationRequest& request, const PlanSearchRequest& search,
                          const MethodRegistry& registry, const RunContext& context);

}  // namespace quantscope
