// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/allocation_problem.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

struct Slopes {
    std::optional<double> gainPerBit;
    std::optional<double> lossPerBit;
};

// From a setting to the next better one, and to the next cheaper one, of the curve.
Slopes slopesAt(const RatePoint& at, const RateDistortionCurve& curve) {
    Slopes slopes;
    const auto slope = [](const RatePoint& from, const RatePoint& to) {
        return (from.loss - to.loss) / static_cast<double>(to.bits - from.bits);
    };
    for (const RatePoint& point : curve) {
        if (point.bits < at.bits && point.loss > at.loss) slopes.lossPerBit = slope(point, at);
        if (point.bits > at.bits && point.loss < at.loss && !slopes.gainPerBit) {
            slopes.gainPerBit = slope(at, point);
        }
    }
    return slopes;
}

std::vector<PlannedTensor> plannedTensors(const std::vector<AllocationUnit>& units,
                                          const std::vector<TensorChoices>& choices,
                                          const Allocation& allocation) {
    std::vector<PlannedTensor> planned(choices.size());
    for (std::size_t u = 0; u < units.size(); ++u) {
        const std::size_t at = allocation.choices[u];
        const Slopes slopes = slopesAt(units[u].point(at), units[u].curve);
        for (std::size_t i = 0; i < units[u].tensors.size(); ++i) {
            const TensorChoices& tensor = choices[units[u].tensors[i]];
            PlannedTensor& entry = planned[units[u].tensors[i]];
            entry.tensor = tensor.tensor;
            entry.weights = tensor.weights;
            entry.cols = tensor.cols;
            entry.option = tensor.options[units[u].options[at][i]];
            entry.locked = units[u].locked;
            entry.gainPerBit = slopes.gainPerBit;
            entry.lossPerBit = slopes.lossPerBit;
        }
    }
    return planned;
}

bool isBest(const AllocationProblem& problem, const Allocation& allocation) {
    for (std::size_t u = 0; u < problem.units.size(); ++u) {
        if (allocation.choices[u] + 1 != problem.curves[u].size()) return false;
    }
    return true;
}

void remarkWhatIsLeft(AllocationPlan& plan, bool allBest, std::uint64_t left) {
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

Allocation allocationOf(const AllocationProblem& problem, std::vector<std::size_t> settings) {
    Allocation allocation{std::move(settings), 0, 0.0};
    for (std::size_t u = 0; u < problem.units.size(); ++u) {
        const RatePoint& point = problem.units[u].point(allocation.choices[u]);
        allocation.bits += point.bits;
        allocation.loss += point.loss;
    }
    return allocation;
}

std::vector<UniformAllocation> uniformAllocations(const AllocationProblem& problem,
                                                  const std::vector<TensorChoices>& choices) {
    const std::vector<AllocationUnit>& units = problem.units;
    std::map<std::string, std::vector<std::size_t>> points;
    for (const AllocationUnit& unit : units) {
        for (std::size_t i = 0; i < unit.options.size(); ++i) {
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
        Allocation allocation = allocationOf(problem, std::move(chosen));
        const double rate = static_cast<double>(allocation.bits) / problem.weights;
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
    remarkWhatIsLeft(plan, isBest(problem, allocation), problem.budget - allocation.bits);
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
        const RatePoint& point = unit.point(static_cast<std::size_t>(found - unit.options.begin()));
        const auto dearer =
            std::ranges::upper_bound(unit.curve, point.bits, std::less(), &RatePoint::bits);
        settings.push_back(static_cast<std::size_t>(dearer - unit.curve.begin()) - 1);
    }
    return settings;
}

}  // namespace quantscope
