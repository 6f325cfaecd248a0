// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/plan_builders.h"

#include <algorithm>
#include <set>

#include "app/models/distinct_names.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/run/allocation_units.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

PlanChoice choiceOf(const TensorOption& option, Index weights) {
    return {QString::fromStdString(option.trialId), QString::fromStdString(option.method),
            static_cast<double>(option.bits) / static_cast<double>(weights), option.loss};
}

bool isMeant(const std::string& tensor, const std::vector<std::string>& patterns) {
    return std::ranges::any_of(
        patterns, [&](const std::string& pattern) { return meansTensor(pattern, tensor); });
}

// As the allocation ties them; see AllocationRequest::ties.
bool areTied(const std::string& a, const std::string& b,
             const std::vector<std::vector<std::string>>& ties) {
    if (a == b || modelPart(a) != modelPart(b)) return false;
    return std::ranges::any_of(ties,
                               [&](const auto& tie) { return isMeant(a, tie) && isMeant(b, tie); });
}

}  // namespace

PlanData buildPlan(const AllocationPlan& plan, const std::vector<TensorChoices>& choices,
                   const std::vector<std::vector<std::string>>& ties,
                   const std::map<std::string, std::string>& families) {
    std::map<std::string, const TensorChoices*> byTensor;
    std::set<std::string> tensors;
    for (const TensorChoices& tensor : choices) {
        byTensor[tensor.tensor] = &tensor;
        tensors.insert(tensor.tensor);
    }
    const std::map<std::string, std::string> labels = distinctNames(tensors);
    PlanData data;
    data.budget = plan.requestedBitsPerWeight;
    for (const PlannedTensor& planned : plan.tensors) {
        PlanBar bar;
        bar.tensor = QString::fromStdString(planned.tensor);
        bar.label = QString::fromStdString(labels.at(planned.tensor));
        if (const auto family = families.find(planned.option.trialId); family != families.end()) {
            bar.family = QString::fromStdString(family->second);
        }
        const std::vector<TensorOption>& options = byTensor.at(planned.tensor)->options;
        for (const TensorOption& option : options) {
            if (option.trialId == planned.option.trialId) {
                bar.chosen = static_cast<int>(bar.choices.size());
            }
            bar.choices.push_back(choiceOf(option, planned.weights));
        }
        bar.locked = planned.locked;
        bar.lossShare = plan.loss > 0.0 ? planned.option.loss / plan.loss : 0.0;
        bar.gainPerBit = planned.gainPerBit;
        bar.lossPerBit = planned.lossPerBit;
        for (const PlannedTensor& other : plan.tensors) {
            if (areTied(planned.tensor, other.tensor, ties)) {
                bar.tiedWith << QString::fromStdString(other.tensor);
            }
        }
        data.bars.push_back(std::move(bar));
    }
    return data;
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

BudgetCurveData buildBudgetCurve(const std::vector<TensorChoices>& choices,
                                 const AllocationRequest& request, int count,
                                 const std::stop_token& stop) {
    const BudgetRange range = budgetRange(choices);
    BudgetCurveData data;
    for (int i = 0; i < count; ++i) {
        throwIfStopped(stop);
        AllocationRequest wanted = request;
        wanted.bitsPerWeight = range.least + (range.most - range.least) * i / (count - 1.0);
        try {
            const AllocationPlan plan = planAllocation(choices, wanted);
            const bool isNew =
                data.plans.empty() || plan.achievedBitsPerWeight > data.plans.back().bitsPerWeight;
            if (isNew) data.plans.push_back({plan.achievedBitsPerWeight, plan.loss, {}});
            if (!data.uniform.empty()) continue;
            for (const UniformBaseline& baseline : plan.baselines) {
                data.uniform.push_back({baseline.bitsPerWeight, baseline.loss,
                                        QString::fromStdString(baseline.method)});
            }
        } catch (const Error&) {
            // With locks and ties the cheapest plan may cost more than this.
        }
    }
    return data;
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
            if (isMeant(tensor.tensor, tie)) ++parts[modelPart(tensor.tensor)];
        }
        const bool fits = !parts.empty() && std::ranges::all_of(parts, [&](const auto& part) {
            return part.second <= tie.size();
        });
        if (fits) ties.push_back(tie);
    }
    return ties;
}

}  // namespace quantscope
