// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/allocation_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/alloc/closed_form.h"
#include "core/alloc/exact_allocation.h"
#include "core/alloc/lagrangian_allocation.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/run/allocation_units.h"

namespace quantscope {

namespace {

struct NamedAllocator {
    const char* text;
    Allocator allocator;
};
constexpr std::array allocators = {
    NamedAllocator{"exact", Allocator::Exact}, NamedAllocator{"lagrangian", Allocator::Lagrangian},
    NamedAllocator{"greedy", Allocator::Greedy}, NamedAllocator{"baq", Allocator::ClosedForm},
    NamedAllocator{"uniform", Allocator::Uniform}};

std::vector<RateDistortionCurve> curvesOf(const std::vector<AllocationUnit>& units) {
    std::vector<RateDistortionCurve> curves;
    for (const AllocationUnit& unit : units)
        curves.push_back(unit.curve);
    return curves;
}

Allocation summed(const std::vector<RateDistortionCurve>& curves,
                  std::vector<std::size_t> choices) {
    Allocation allocation{std::move(choices), 0, 0.0};
    for (std::size_t j = 0; j < curves.size(); ++j) {
        allocation.bits += curves[j][allocation.choices[j]].bits;
        allocation.loss += curves[j][allocation.choices[j]].loss;
    }
    return allocation;
}

// The dearest setting of each unit with at most so many bits per weight, else the cheapest.
Allocation roundedDown(const std::vector<AllocationUnit>& units,
                       const std::vector<RateDistortionCurve>& curves,
                       const std::vector<double>& bitsPerWeight) {
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
Allocation byClosedForm(const std::vector<AllocationUnit>& units,
                        const std::vector<RateDistortionCurve>& curves, std::uint64_t budget,
                        double meanBits) {
    PartLosses parts;
    for (const AllocationUnit& unit : units) {
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
    Allocation best = roundedDown(units, curves, equalLossBits(parts, low));
    constexpr int halvings = 50;
    for (int i = 0; i < halvings; ++i) {
        const double middle = (low + high) / 2.0;
        Allocation next = roundedDown(units, curves, equalLossBits(parts, middle));
        if (next.bits > budget) {
            high = middle;
            continue;
        }
        low = middle;
        best = std::move(next);
    }
    return best;
}

// By method, what it costs and loses when every tensor gets it (locked ones keep theirs).
std::vector<std::pair<UniformBaseline, Allocation>> uniformAllocations(
    const std::vector<AllocationUnit>& units, const std::vector<TensorChoices>& choices,
    const std::vector<RateDistortionCurve>& curves, double weights) {
    std::map<std::string, std::vector<std::size_t>> points;
    for (std::size_t j = 0; j < units.size(); ++j) {
        for (std::size_t i = 0; i < units[j].curve.size(); ++i) {
            const std::size_t tensor = units[j].tensors.front();
            const std::string& method = choices[tensor].options[units[j].options[i].front()].method;
            if (!units[j].locked) points[method].push_back(i);
        }
    }
    const auto open = static_cast<std::size_t>(
        std::ranges::count_if(units, [](const AllocationUnit& unit) { return !unit.locked; }));
    std::vector<std::pair<UniformBaseline, Allocation>> result;
    for (const auto& [method, indices] : points) {
        // Left out where another setting is cheaper and better: then it is no good baseline.
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
                    std::string("Choose exact, lagrangian, greedy, baq or uniform."));
}

std::string allocatorText(Allocator allocator) {
    return std::ranges::find(allocators, allocator, &NamedAllocator::allocator)->text;
}

AllocationPlan planAllocation(const std::vector<TensorChoices>& choices,
                              const AllocationRequest& request) {
    if (!(request.bitsPerWeight > 0.0) || request.bitsPerWeight > 64.0) {
        throw Error("A budget of " + formatNumber(request.bitsPerWeight) +
                        " bits per weight makes no sense.",
                    "Choose one between 0 and 64.");
    }
    const std::vector<AllocationUnit> units = allocationUnits(choices, request);
    const std::vector<RateDistortionCurve> curves = curvesOf(units);
    double weights = 0.0;
    for (const TensorChoices& tensor : choices)
        weights += static_cast<double>(tensor.weights);
    const auto budget = static_cast<std::uint64_t>(
        // A rate that was computed from whole bits is meant to hold them.
        std::floor(request.bitsPerWeight * weights + 1e-6));
    AllocationPlan plan;
    plan.allocator = allocatorText(request.allocator);
    plan.requestedBitsPerWeight = request.bitsPerWeight;
    // Also says when the budget is too small.
    const LagrangianAllocation priced = [&] {
        try {
            return allocateByPrice(curves, budget);
        } catch (const Error&) {
            std::uint64_t least = 0;
            for (const RateDistortionCurve& curve : curves)
                least += curve.front().bits;
            throw Error("The budget of " + formatNumber(request.bitsPerWeight) +
                            " bits per weight is too small: the cheapest results of the run take " +
                            formatSignificant(static_cast<double>(least) / weights, 4) + ".",
                        "Raise the budget, or measure cheaper methods.");
        }
    }();
    plan.bound = priced.bound;
    const auto uniform = uniformAllocations(units, choices, curves, weights);
    for (const auto& entry : uniform)
        plan.baselines.push_back(entry.first);
    Allocation allocation;
    switch (request.allocator) {
        case Allocator::Exact: {
            const ExactAllocation exact = allocateExactly(curves, budget);
            allocation = exact.allocation;
            plan.isOptimal = exact.isOptimal;
            plan.bound = exact.bound;
            break;
        }
        case Allocator::Lagrangian:
            allocation = priced.allocation;
            break;
        case Allocator::Greedy:
            allocation = allocateGreedily(curves, budget);
            break;
        case Allocator::ClosedForm:
            allocation = byClosedForm(units, curves, budget, request.bitsPerWeight);
            break;
        case Allocator::Uniform: {
            for (const auto& [baseline, one] : uniform) {
                const bool isBetter = allocation.choices.empty() || one.loss < allocation.loss;
                if (one.bits <= budget && isBetter) allocation = one;
            }
            if (allocation.choices.empty()) {
                throw Error("No single method that all tensors have fits into " +
                                formatNumber(request.bitsPerWeight) + " bits per weight.",
                            "Raise the budget, or choose another allocator.");
            }
            break;
        }
    }
    if (allocation.bits > budget) {
        throw Error("The closed form finds no settings within the budget.",
                    "Choose another allocator.");
    }
    plan.loss = allocation.loss;
    plan.achievedBitsPerWeight = static_cast<double>(allocation.bits) / weights;
    plan.tensors = plannedTensors(units, choices, allocation);
    const bool allBest = std::ranges::all_of(
        plan.tensors, [](const PlannedTensor& tensor) { return !tensor.gainPerBit.has_value(); });
    if (allBest) {
        plan.remarks.push_back(
            "Every tensor has its best measured result; part of the budget is "
            "not used. Measure methods with more bits to use it.");
    } else if (allocation.bits < budget) {
        plan.remarks.push_back(std::to_string(budget - allocation.bits) +
                               " bits of the budget are left: no better plan of this allocator "
                               "fits into it.");
    }
    return plan;
}

}  // namespace quantscope
