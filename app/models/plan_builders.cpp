// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/plan_builders.h"

#include <algorithm>
#include <cmath>
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

// As the allocation ties them; see AllocationRequest::ties.
bool areTied(const std::string& a, const std::string& b,
             const std::vector<std::vector<std::string>>& ties) {
    if (a == b || modelPart(a) != modelPart(b)) return false;
    return std::ranges::any_of(
        ties, [&](const auto& tie) { return meansTensor(tie, a) && meansTensor(tie, b); });
}

const TensorOption* optionWith(const TensorChoices& tensor, const std::string& method) {
    const auto found = std::ranges::find(tensor.options, method, &TensorOption::method);
    return found == tensor.options.end() ? nullptr : &*found;
}

// A method that every tensor has a result of.
struct CommonMethod {
    std::string method;
    double bitsPerWeight = 0.0;
};

// By bits.
std::vector<CommonMethod> commonMethods(const std::vector<TensorChoices>& choices) {
    std::vector<CommonMethod> common;
    if (choices.empty()) return common;
    for (const TensorOption& first : choices.front().options) {
        double bits = 0.0;
        double weights = 0.0;
        const bool isCommon = std::ranges::all_of(choices, [&](const TensorChoices& tensor) {
            const TensorOption* option = optionWith(tensor, first.method);
            if (option == nullptr) return false;
            bits += static_cast<double>(option->bits);
            weights += static_cast<double>(tensor.weights);
            return true;
        });
        if (isCommon) common.push_back({first.method, bits / weights});
    }
    std::ranges::stable_sort(common, std::less(), &CommonMethod::bitsPerWeight);
    return common;
}

// What the steepest step from here to a dearer result saves, per bit.
std::optional<double> gainPerBit(const TensorChoices& tensor, const TensorOption& from) {
    std::optional<double> most;
    for (const TensorOption& to : tensor.options) {
        if (to.bits <= from.bits || !(to.loss < from.loss)) continue;
        const double gain = (from.loss - to.loss) / static_cast<double>(to.bits - from.bits);
        most = std::max(most.value_or(0.0), gain);
    }
    return most;
}

// The id of the method whose grid is rounded to.
QString baseOf(const MethodSpec& method) {
    const auto base = method.parameters.find("base");
    if (base == method.parameters.end()) return QString::fromStdString(method.id);
    const auto id = base->is_object() ? base->find("id") : base->end();
    return base->is_object() && id != base->end() && id->is_string()
               ? QString::fromStdString(id->get<std::string>())
               : QString::fromStdString(method.id);
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

SensitivityData buildSensitivity(const std::vector<TensorChoices>& choices,
                                 const std::string& method, double bitsPerWeight) {
    SensitivityData data;
    const std::vector<CommonMethod> common = commonMethods(choices);
    if (common.empty()) return data;
    for (const CommonMethod& one : common)
        data.methods << QString::fromStdString(one.method);
    auto chosen = std::ranges::find(common, method, &CommonMethod::method);
    if (chosen == common.end()) {
        chosen = std::ranges::min_element(common, std::less(), [&](const CommonMethod& one) {
            return std::abs(one.bitsPerWeight - bitsPerWeight);
        });
    }
    data.method = QString::fromStdString(chosen->method);
    std::set<std::string> tensors;
    double sum = 0.0;
    for (const TensorChoices& tensor : choices) {
        tensors.insert(tensor.tensor);
        sum += optionWith(tensor, chosen->method)->loss;
    }
    const std::map<std::string, std::string> labels = distinctNames(tensors);
    for (const TensorChoices& tensor : choices) {
        const TensorOption& option = *optionWith(tensor, chosen->method);
        SensitivityBar bar;
        bar.trialId = QString::fromStdString(option.trialId);
        bar.tensor = QString::fromStdString(tensor.tensor);
        bar.label = QString::fromStdString(labels.at(tensor.tensor));
        bar.bitsPerWeight = choiceOf(option, tensor.weights).bitsPerWeight;
        bar.loss = option.loss;
        bar.lossShare = sum > 0.0 ? option.loss / sum : 0.0;
        bar.gainPerBit = gainPerBit(tensor, option);
        data.bars.push_back(std::move(bar));
    }
    return data;
}

GainData buildGains(const RecordList& records) {
    GainData data;
    for (const RecordPointer& record : records) {
        const auto number = [&](const char* name) -> std::optional<double> {
            const auto found = record->details.find(name);
            if (found == record->details.end() || !found->is_number()) return std::nullopt;
            return found->get<double>();
        };
        const std::optional<double> expected = number("expected_gain");
        const std::optional<double> obtained = number("obtained_gain");
        if (record->failed() || !expected || !obtained) continue;
        GainPoint point;
        point.trialId = QString::fromStdString(record->trialId);
        point.tensor = QString::fromStdString(record->tensor);
        point.method = QString::fromStdString(record->methodText);
        point.base = baseOf(record->method);
        point.expected = *expected;
        point.obtained = *obtained;
        data.points.push_back(std::move(point));
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
