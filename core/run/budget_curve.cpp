// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/budget_curve.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/run/allocation_units.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

double BudgetRange::hundredthsAbove(double bits) {
    // 100 x 2.03 may be a little less or more than 203.
    const double below = std::floor(100.0 * bits) / 100.0;
    return below >= bits ? below : std::ceil(100.0 * bits) / 100.0;
}

double BudgetRange::middle() const {
    return std::max(std::round(5.0 * (least + most)) / 10.0, lowest());
}

BudgetRange budgetRange(const std::vector<TensorChoices>& choices) {
    double least = 0.0;
    double most = 0.0;
    double weights = 0.0;
    for (const TensorChoices& tensor : choices) {
        least += static_cast<double>(tensor.options.front().bits);
        most += static_cast<double>(tensor.options.back().bits);
        weights += static_cast<double>(tensor.weights);
    }
    if (!(weights > 0.0)) return {};
    return {least / weights, most / weights};
}

std::vector<std::vector<std::string>> usualTies(const std::vector<TensorChoices>& choices) {
    const std::vector<std::vector<std::string>> usual = {{"*q_proj*", "*k_proj*", "*v_proj*"},
                                                         {"*gate_proj*", "*up_proj*"},
                                                         {"*query*", "*key*", "*value*"}};
    std::vector<std::vector<std::string>> ties;
    for (const std::vector<std::string>& tie : usual) {
        // Where one part holds two that match a pattern, nobody can tell which go together.
        std::map<std::string, std::size_t> parts;
        for (const TensorChoices& tensor : choices) {
            if (meansTensor(tie, tensor.tensor)) ++parts[modelPart(tensor.tensor)];
        }
        const bool fits = !parts.empty() && std::ranges::all_of(parts, [&](const auto& part) {
            return part.second <= tie.size();
        });
        if (fits) ties.push_back(tie);
    }
    return ties;
}

BudgetCurve budgetCurve(const std::vector<TensorChoices>& choices, const AllocationRequest& request,
                        int count, const std::stop_token& stop) {
    const BudgetRange range = budgetRange(choices);
    BudgetCurve curve;
    for (int i = 0; i < count; ++i) {
        throwIfStopped(stop);
        AllocationRequest wanted = request;
        wanted.bitsPerWeight = range.least + (range.most - range.least) * i / (count - 1.0);
        try {
            const AllocationPlan plan = planAllocation(choices, wanted);
            const bool isNew = curve.plans.empty() ||
                               plan.achievedBitsPerWeight > curve.plans.back().bitsPerWeight;
            if (isNew) {
                curve.plans.push_back(
                    {wanted.bitsPerWeight, plan.achievedBitsPerWeight, plan.loss, plan.bound});
            }
            if (curve.uniform.empty()) curve.uniform = plan.baselines;
        } catch (const BudgetTooSmall&) {
            // With locks and ties the cheapest plan may cost more than this.
        }
    }
    return curve;
}

}  // namespace quantscope
