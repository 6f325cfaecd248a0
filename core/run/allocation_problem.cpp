// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/allocation_problem.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

std::vector<PlannedTensor> plannedTensors(const std::vector<AllocationUnit>& units,
                                          const std::vector<TensorChoices>& choices,
                                          const Allocation& allocation) {
    std::vector<PlannedTensor> planned(choices.size());
    for (std::size_t u = 0; u < units.size(); ++u) {
        const RateDistortionCurve& curve = units[u].curve;
        const std::size_t at = allocation.choices[u];
        const auto slope = [&](std::size_t from, std::size_t to) {
            return (curve[from].loss - curve[to].loss) /
                   static_cast<double>(curve[to].bits - curve[from].bits);
        };
        for (std::size_t i = 0; i < units[u].tensors.size(); ++i) {
            const TensorChoices& tensor = choices[units[u].tensors[i]];
            PlannedTensor& entry = planned[units[u].tensors[i]];
            entry.tensor = tensor.tensor;
            entry.weights = tensor.weights;
            entry.cols = tensor.cols;
            entry.option = tensor.options[units[u].options[at][i]];
            entry.locked = units[u].locked;
            if (at + 1 < curve.size()) entry.gainPerBit = slope(at, at + 1);
            if (at > 0) entry.lossPerBit = slope(at - 1, at);
        }
    }
    return planned;
}

void remarkWhatIsLeft(AllocationPlan& plan, std::uint64_t left) {
    const bool allBest = std::ranges::all_of(
        plan.tensors, [](const PlannedTensor& tensor) { return !tensor.gainPerBit.has_value(); });
    if (allBest) {
        plan.remarks.push_back(
            "Every tensor has its best measured result; part of the budget is "
            "not used. Measure methods with more bits to use it.");
    } else if (left > 0) {
        plan.remarks.push_back(std::to_string(left) +
                               " bits of the budget are left: no better plan of this allocator "
                               "fits into it.");
    }
}

std::uint64_t leastBits(const std::vector<RateDistortionCurve>& curves) {
    std::uint64_t least = 0;
    for (const RateDistortionCurve& curve : curves)
        least += curve.front().bits;
    return least;
}

}  // namespace

std::uint64_t wholeBits(double bitsPerWeight, double weights) {
    const double bits = bitsPerWeight * weights;
    // A quotient of whole bits and weights is off by half a unit in the last place, and so is the
    // product with the weights.
    const double rounding = 2.0 * std::numeric_limits<double>::epsilon() * bits;
    return static_cast<std::uint64_t>(std::floor(bits + std::max(1e-6, rounding)));
}

AllocationProblem allocationProblem(const std::vector<TensorChoices>& choices,
                                    const AllocationRequest& request) {
    if (!(request.bitsPerWeight > 0.0) || request.bitsPerWeight > 64.0) {
        throw Error("A budget of " + formatNumber(request.bitsPerWeight) +
                        " bits per weight makes no sense.",
                    "Choose one between 0 and 64.");
    }
    AllocationProblem problem;
    problem.units = allocationUnits(choices, request);
    for (const AllocationUnit& unit : problem.units)
        problem.curves.push_back(unit.curve);
    for (const TensorChoices& tensor : choices)
        problem.weights += static_cast<double>(tensor.weights);
    problem.budget = wholeBits(request.bitsPerWeight, problem.weights);
    const std::uint64_t least = leastBits(problem.curves);
    if (least > problem.budget) {
        throw BudgetTooSmall(
            "The budget of " + formatNumber(request.bitsPerWeight) +
                " bits per weight is too small: the cheapest results of the run take " +
                formatSignificant(static_cast<double>(least) / problem.weights, 4) + ".",
            "Raise the budget, or measure cheaper methods.");
    }
    return problem;
}

std::vector<UniformAllocation> uniformAllocations(const AllocationProblem& problem,
                                                  const std::vector<TensorChoices>& choices) {
    const auto& [units, curves, weights, budget] = problem;
    std::map<std::string, std::vector<std::size_t>> points;
    for (const AllocationUnit& unit : units) {
        for (std::size_t i = 0; i < unit.curve.size(); ++i) {
            const TensorChoices& tensor = choices[unit.tensors.front()];
            if (!unit.locked) points[tensor.options[unit.options[i].front()].method].push_back(i);
        }
    }
    const auto open = static_cast<std::size_t>(
        std::ranges::count_if(units, [](const AllocationUnit& unit) { return !unit.locked; }));
    std::vector<UniformAllocation> result;
    for (const auto& [method, indices] : points) {
        if (indices.size() != open) continue;
        std::vector<std::size_t> chosen;
        auto next = indices.begin();
        for (const AllocationUnit& unit : units)
            chosen.push_back(unit.locked ? 0 : *next++);
        Allocation allocation = summed(curves, std::move(chosen));
        const double rate = static_cast<double>(allocation.bits) / weights;
        result.push_back({{method, rate, allocation.loss}, std::move(allocation)});
    }
    std::ranges::sort(result, std::less(),
                      [](const auto& entry) { return entry.first.bitsPerWeight; });
    return result;
}

AllocationPlan planOf(const AllocationProblem& problem, const std::vector<TensorChoices>& choices,
                      const AllocationRequest& request, const Allocation& allocation) {
    AllocationPlan plan;
    plan.allocator = allocatorText(request.allocator);
    // Plans by different scores are different plans.
    if (!request.rankedBy.empty()) plan.allocator += " by " + request.rankedBy;
    plan.requestedBitsPerWeight = request.bitsPerWeight;
    plan.loss = allocation.loss;
    plan.achievedBitsPerWeight = static_cast<double>(allocation.bits) / problem.weights;
    plan.tensors = plannedTensors(problem.units, choices, allocation);
    remarkWhatIsLeft(plan, problem.budget - allocation.bits);
    return plan;
}

std::vector<std::size_t> settingsOfPlan(const AllocationProblem& problem,
                                        const std::vector<TensorChoices>& choices,
                                        const AllocationPlan& plan) {
    std::vector<std::size_t> settings;
    for (const AllocationUnit& unit : problem.units) {
        const std::size_t first = unit.tensors.front();
        const std::string& tensor = choices[first].tensor;
        const auto planned = std::ranges::find(plan.tensors, tensor, &PlannedTensor::tensor);
        const auto isPlanned = [&](const std::vector<std::size_t>& options) {
            return planned != plan.tensors.end() &&
                   choices[first].options[options.front()].trialId == planned->option.trialId;
        };
        const auto found = std::ranges::find_if(unit.options, isPlanned);
        if (found == unit.options.end()) {
            throw Error(
                "The plan's result for " + printableText(tensor) + " is none that could be chosen.",
                "Make the plan from the same run, with the same loss, locks and ties.");
        }
        settings.push_back(static_cast<std::size_t>(found - unit.options.begin()));
    }
    return settings;
}

}  // namespace quantscope
