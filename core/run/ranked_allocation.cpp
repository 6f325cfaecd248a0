// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/ranked_allocation.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/base/text.h"

namespace quantscope {

namespace {

constexpr double halfBit = 0.5;

double importanceOf(const AllocationUnit& unit, const std::vector<TensorChoices>& choices,
                    const std::map<std::string, double>& importance) {
    double sum = 0.0;
    for (const std::size_t j : unit.tensors) {
        const auto found = importance.find(choices[j].tensor);
        if (found == importance.end()) return -std::numeric_limits<double>::infinity();
        sum += found->second * static_cast<double>(choices[j].weights);
    }
    return sum / static_cast<double>(unit.weights);
}

/// The two methods that are dealt out.
struct Levels {
    const Allocation* low = nullptr;
    const Allocation* high = nullptr;
};

// `uniform` ascends in bits.
Levels levelsAround(double bitsPerWeight, const std::vector<UniformAllocation>& uniform) {
    Levels levels{&uniform.front().second, &uniform.back().second};
    for (const auto& [baseline, allocation] : uniform) {
        if (baseline.bitsPerWeight <= bitsPerWeight - halfBit) levels.low = &allocation;
    }
    for (auto it = uniform.rbegin(); it != uniform.rend(); ++it) {
        if (it->first.bitsPerWeight >= bitsPerWeight + halfBit) levels.high = &it->second;
    }
    return levels;
}

}  // namespace

Allocation allocateByRank(const AllocationProblem& problem,
                          const std::vector<TensorChoices>& choices,
                          const AllocationRequest& request,
                          const std::vector<UniformAllocation>& uniform) {
    if (request.importance.empty()) {
        throw Error("Nothing says how important the tensors are.",
                    "Choose a score to rank them by.");
    }
    if (uniform.size() < 2) {
        throw Error("A ranking deals out two methods, but there are no two that all tensors have.",
                    "Measure all tensors with two methods, or choose another allocator.");
    }
    const Levels levels = levelsAround(request.bitsPerWeight, uniform);
    if (levels.low->bits > problem.budget) {
        throw BudgetTooSmall("No method that all tensors have fits into " +
                                 formatNumber(request.bitsPerWeight) + " bits per weight.",
                             "Raise the budget, or choose another allocator.");
    }
    std::vector<double> importance;
    for (const AllocationUnit& unit : problem.units)
        importance.push_back(importanceOf(unit, choices, request.importance));
    std::vector<std::size_t> order(problem.units.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::reverse(order);
    std::ranges::stable_sort(order, std::less(), [&](std::size_t j) { return importance[j]; });
    Allocation allocation = *levels.high;
    for (const std::size_t j : order) {
        if (allocation.bits <= problem.budget) break;
        allocation.choices[j] = levels.low->choices[j];
        allocation = allocationOf(problem, std::move(allocation.choices));
    }
    return allocation;
}

}  // namespace quantscope
