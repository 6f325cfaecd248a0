// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/plan_builders.h"

#include <algorithm>
#include <set>

#include "app/models/distinct_names.h"
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

BudgetCurveData budgetCurveData(const BudgetCurve& curve) {
    BudgetCurveData data;
    for (const BudgetCurve::Point& plan : curve.plans)
        data.plans.push_back({plan.bitsPerWeight, plan.loss, {}});
    for (const UniformBaseline& baseline : curve.uniform) {
        data.uniform.push_back(
            {baseline.bitsPerWeight, baseline.loss, QString::fromStdString(baseline.method)});
    }
    return data;
}

}  // namespace quantscope
