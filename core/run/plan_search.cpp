// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/plan_search.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/alloc/evolutionary_allocation.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/model/evaluation.h"
#include "core/run/allocation_problem.h"
#include "core/run/decoded_results.h"
#include "core/run/quantized_model.h"

namespace quantscope {

namespace {

// For decoded results, in bytes, if the machine has them.
constexpr std::uint64_t resultMemory = std::uint64_t{4} << 30;

constexpr std::array<const char*, 2> objectives = {"divergence", "perplexity"};

std::vector<std::string> trialsOf(const AllocationProblem& problem,
                                  const std::vector<TensorChoices>& choices,
                                  const std::vector<std::size_t>& settings) {
    std::vector<std::string> trials;
    for (std::size_t u = 0; u < problem.units.size(); ++u) {
        const AllocationUnit& unit = problem.units[u];
        for (std::size_t i = 0; i < unit.tensors.size(); ++i) {
            const std::size_t option = unit.options[settings[u]][i];
            trials.push_back(choices[unit.tensors[i]].options[option].trialId);
        }
    }
    return trials;
}

double figureOf(const Evaluation& evaluation, SearchObjective objective) {
    return objective == SearchObjective::Divergence ? evaluation.divergence : evaluation.perplexity;
}

std::string warningOf(const PlanSearch& search) {
    const std::string where =
        search.objective + " on " + std::to_string(search.predictions) + " predictions of '" +
        printableText(std::filesystem::path(search.tokens).filename().string()) + "'";
    if (!(search.result < search.start)) {
        return "The search found no better plan than the one it started from: its " + where +
               " stays at " + formatSignificant(search.start, 4) + ".";
    }
    return "This plan was chosen by its " + where + ", which fell from " +
           formatSignificant(search.start, 4) + " to " + formatSignificant(search.result, 4) +
           ". Judge it on other tokens: on these it looks better than it is.";
}

}  // namespace

SearchObjective parseSearchObjective(const std::string& text) {
    const auto found = std::ranges::find(objectives, text);
    if (found != objectives.end()) return static_cast<SearchObjective>(found - objectives.begin());
    const std::vector<std::string> names(objectives.begin(), objectives.end());
    const std::string near = nearestWord(text, names);
    throw Error("The objective '" + printableText(text) + "' is unknown.",
                (near.empty() ? "" : "Did you mean " + near + "? ") +
                    std::string("Choose divergence or perplexity."));
}

std::string searchObjectiveText(SearchObjective objective) {
    return objectives[static_cast<std::size_t>(objective)];
}

AllocationPlan searchPlan(const std::vector<TensorChoices>& choices,
                          const AllocationRequest& request, const PlanSearchRequest& search,
                          const MethodRegistry& registry, const RunContext& context) {
    const AllocationProblem problem = allocationProblem(choices, request);
    const AllocationPlan start = planAllocation(choices, request);
    constexpr double loaded = 0.02;
    constexpr double referred = 0.04;
    const QuantizedModel judged(search.folder, search.model, search.tokens, search.prober,
                                context.part(0.0, loaded, 0));
    const ForwardPass pass(judged.model());
    const ReferenceStates reference(pass, judged.tokens(), ReferenceStates::usualMemory(),
                                    context.part(loaded, referred, 0));
    const DecodedResults results(judged.model(), search.folder, search.prober, registry,
                                 DecodedResults::memoryWithin(resultMemory));
    const RunContext quiet = context.withProgress({});
    const auto objective = [&](std::span<const std::vector<std::size_t>> candidates,
                               std::span<const Index> rows) {
        std::vector<double> figures(candidates.size());
        parallelFor(
            static_cast<Index>(candidates.size()), 1, context.stop(), [&](Index begin, Index end) {
                for (Index i = begin; i < end; ++i) {
                    const auto at = static_cast<std::size_t>(i);
                    const ForwardPass candidate(results.modelWith(
                        trialsOf(problem, choices, candidates[at]), context.stop()));
                    figures[at] =
                        figureOf(evaluate(candidate, reference, rows, quiet), search.objective);
                }
            });
        return figures;
    };
    EvolutionOptions options;
    options.generations = search.generations;
    options.offspring = search.offspring;
    options.steps = EvolutionOptions::usualSteps(search.offspring, judged.tokens().rows);
    const EvolvedAllocation found = allocateByEvolution(
        problem.curves, problem.budget, settingsOfPlan(problem, choices, start),
        judged.tokens().rows, options, objective,
        RunContext(search.seed, context.stop(), [&](double fraction, std::string_view phase) {
            context.progress(referred + (1.0 - referred) * fraction, phase);
        }));

    AllocationPlan plan = planOf(problem, choices, request, found.allocation);
    plan.allocator = "evolution";
    plan.bound = start.bound;
    plan.baselines = start.baselines;
    plan.search = PlanSearch{searchObjectiveText(search.objective),
                             std::filesystem::absolute(search.tokens).lexically_normal().string(),
                             judged.tokensFingerprint(),
                             judged.tokens().rows * (judged.tokens().length - 1),
                             start.allocator,
                             lossMeasureText(search.loss),
                             search.isWeighed,
                             found.startObjective,
                             found.objective,
                             search.generations,
                             search.offspring,
                             search.seed};
    plan.remarks.push_back(warningOf(*plan.search));
    return plan;
}

}  // namespace quantscope
