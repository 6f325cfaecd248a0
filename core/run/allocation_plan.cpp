// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/allocation_plan.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/alloc/closed_form.h"
#include "core/alloc/exact_allocation.h"
#include "core/alloc/lagrangian_allocation.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/run/allocation_problem.h"
#include "core/run/ranked_allocation.h"

namespace quantscope {

namespace {

struct NamedAllocator {
    const char* text;
    Allocator allocator;
};
constexpr std::array allocators = {NamedAllocator{"exact", Allocator::Exact},
                                   NamedAllocator{"lagrangian", Allocator::Lagrangian},
                                   NamedAllocator{"greedy", Allocator::Greedy},
                                   NamedAllocator{"baq", Allocator::ClosedForm},
                                   NamedAllocator{"uniform", Allocator::Uniform},
                                   NamedAllocator{"ranking", Allocator::Ranking}};

// The dearest setting of each unit with at most so many bits per weight, else the cheapest.
Allocation roundedDown(const AllocationProblem& problem, const std::vector<double>& bitsPerWeight) {
    const auto& [units, curves, weights, budget] = problem;
    std::vector<std::size_t> choices;
    for (std::size_t j = 0; j < units.size(); ++j) {
        const double bits = bitsPerWeight[j] * static_cast<double>(units[j].weights);
        std::size_t choice = 0;
        while (choice + 1 < curves[j].size() &&
               static_cast<double>(curves[j][choice + 1].bits) <= bits)
            ++choice;
        choices.push_back(choice);
    }
    return summed(curves, std::move(choices));
}

// R_j = mean + 1/2 log2(c_j / GM(c)), with c_j from each unit's setting nearest to the mean.
// Settings are coarse and start at some cost, so the mean that just fits is found by bisection.
Allocation byClosedForm(const AllocationProblem& problem, double meanBits) {
    PartLosses parts;
    for (const AllocationUnit& unit : problem.units) {
        const auto weights = static_cast<double>(unit.weights);
        const auto distance = [&](const RatePoint& point) {
            return std::abs(static_cast<double>(point.bits) / weights - meanBits);
        };
        const RatePoint& probe = *std::ranges::min_element(unit.curve, std::less(), distance);
        const double rate = static_cast<double>(probe.bits) / weights;
        parts.coefficients.push_back(probe.loss / weights * std::exp2(2.0 * rate));
        parts.sizes.push_back(unit.weights);
    }
    double low = 0.0;
    double high = 64.0;
    Allocation best = roundedDown(problem, equalLossBits(parts, low));
    constexpr int halvings = 50;
    for (int i = 0; i < halvings; ++i) {
        const double middle = (low + high) / 2.0;
        Allocation next = roundedDown(problem, equalLossBits(parts, middle));
        if (next.bits > problem.budget) {
            high = middle;
            continue;
        }
        low = middle;
        best = std::move(next);
    }
    if (best.bits > problem.budget) {
        throw BudgetTooSmall("The closed form finds no settings within the budget.",
                             "Choose another allocator.");
    }
    return best;
}

// The best single method within the budget.
Allocation bySingleMethod(const std::vector<UniformAllocation>& uniform, std::uint64_t budget,
                          double bitsPerWeight) {
    const Allocation* best = nullptr;
    for (const auto& [baseline, one] : uniform) {
        if (one.bits <= budget && (best == nullptr || one.loss < best->loss)) best = &one;
    }
    if (best != nullptr) return *best;
    throw BudgetTooSmall("No single method that all tensors have fits into " +
                             formatNumber(bitsPerWeight) + " bits per weight.",
                         "Raise the budget, or choose another allocator.");
}

// Of a ranking: tensors that the score does not know of got the cheaper method for no reason.
void remarkUnscored(AllocationPlan& plan, const std::map<std::string, double>& importance) {
    std::vector<std::string> names;
    for (const PlannedTensor& tensor : plan.tensors) {
        if (!importance.contains(tensor.tensor)) names.push_back(printableText(tensor.tensor));
    }
    if (names.empty()) return;
    plan.remarks.push_back("The score says nothing of " + names.front() +
                           (names.size() == 1 ? ", which was taken"
                                              : " and " + std::to_string(names.size() - 1) +
                                                    " more, which were taken") +
                           " for the least important; lock what should get the dearer method.");
}

}  // namespace

Allocator parseAllocator(const std::string& text) {
    const auto found = std::ranges::find(allocators, text, &NamedAllocator::text);
    if (found != allocators.end()) return found->allocator;
    std::vector<std::string> names;
    for (const NamedAllocator& entry : allocators)
        names.emplace_back(entry.text);
    const std::string near = nearestWord(text, names);
    throw Error("The allocator '" + text + "' is unknown.",
                (near.empty() ? "" : "Did you mean " + near + "? ") +
                    std::string("Choose exact, lagrangian, greedy, baq, uniform or ranking; or, as "
                                "--allocator alone, evolution, which starts from one of these."));
}

std::string allocatorText(Allocator allocator) {
    return std::ranges::find(allocators, allocator, &NamedAllocator::allocator)->text;
}

AllocationPlan planAllocation(const std::vector<TensorChoices>& choices,
                              const AllocationRequest& request) {
    const AllocationProblem problem = allocationProblem(choices, request);
    const LagrangianAllocation priced = allocateByPrice(problem.curves, problem.budget);
    const auto uniform = uniformAllocations(problem, choices);
    double bound = priced.bound;
    bool isOptimal = false;
    Allocation allocation;
    switch (request.allocator) {
        case Allocator::Exact: {
            ExactAllocation exact = allocateExactly(problem.curves, problem.budget);
            allocation = std::move(exact.allocation);
            isOptimal = exact.isOptimal;
            bound = exact.bound;
            break;
        }
        case Allocator::Lagrangian:
            allocation = priced.allocation;
            break;
        case Allocator::Greedy:
            allocation = allocateGreedily(problem.curves, problem.budget);
            break;
        case Allocator::ClosedForm:
            allocation = byClosedForm(problem, request.bitsPerWeight);
            break;
        case Allocator::Uniform:
            allocation = bySingleMethod(uniform, problem.budget, request.bitsPerWeight);
            break;
        case Allocator::Ranking:
            allocation = allocateByRank(problem, choices, request, uniform);
            break;
    }
    AllocationPlan plan = planOf(problem, choices, request, allocation);
    if (request.allocator == Allocator::Ranking) remarkUnscored(plan, request.importance);
    plan.bound = bound;
    plan.isOptimal = isOptimal;
    for (const UniformAllocation& entry : uniform)
        plan.baselines.push_back(entry.first);
    return plan;
}

}  // namespace quantscope
