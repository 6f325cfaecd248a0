// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/allocation_units.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

std::optional<std::size_t> tieOf(const std::string& tensor, const AllocationRequest& request) {
    for (std::size_t t = 0; t < request.ties.size(); ++t) {
        if (meansTensor(request.ties[t], tensor)) return t;
    }
    return std::nullopt;
}

[[noreturn]] void refuseLocks(const std::string& tensor, const std::string& method,
                              const std::string& other, const std::string& otherMethod) {
    throw Error(printableText(tensor) + " is locked to " + method + " and " + printableText(other) +
                    " to " + otherMethod + ", but tied tensors get one method.",
                "Lock them alike, or untie them.");
}

const std::string* lockOf(const std::string& tensor, const AllocationRequest& request) {
    for (const auto& [pattern, method] : request.locks) {
        if (meansTensor(pattern, tensor)) return &method;
    }
    return nullptr;
}

void refuseIdlePatterns(const std::vector<TensorChoices>& choices,
                        const AllocationRequest& request) {
    const auto check = [&](const std::string& pattern, const char* option) {
        const bool matches = std::ranges::any_of(choices, [&](const TensorChoices& tensor) {
            return meansTensor(pattern, tensor.tensor);
        });
        if (matches) return;
        throw Error(
            std::string(option) + " '" + printableText(pattern) + "' matches no tensor of the run.",
            "Use names or globs as `inspect` lists them.");
    };
    for (const auto& lock : request.locks)
        check(lock.first, "--lock");
    for (const auto& tie : request.ties) {
        for (const std::string& pattern : tie)
            check(pattern, "--tie");
    }
}

std::vector<AllocationUnit> grouped(const std::vector<TensorChoices>& choices,
                                    const AllocationRequest& request) {
    std::vector<AllocationUnit> units;
    std::map<std::pair<std::size_t, std::string>, std::size_t> unitOfTie;
    for (std::size_t j = 0; j < choices.size(); ++j) {
        const auto tie = tieOf(choices[j].tensor, request);
        std::size_t unit = units.size();
        if (tie)
            unit = unitOfTie.try_emplace({*tie, modelPart(choices[j].tensor)}, unit).first->second;
        if (unit == units.size()) units.emplace_back();
        units[unit].tensors.push_back(j);
        units[unit].weights += choices[j].weights;
    }
    return units;
}

/// A setting of a unit before dominated ones are left out.
struct Setting {
    RatePoint point;
    std::vector<std::size_t> options;
};

std::optional<std::size_t> optionWith(const TensorChoices& choices, const std::string& method) {
    const auto found = std::ranges::find(choices.options, method, &TensorOption::method);
    if (found == choices.options.end()) return std::nullopt;
    return static_cast<std::size_t>(found - choices.options.begin());
}

// The settings that all tensors of the unit have: methods by name.
std::vector<Setting> settingsOf(const AllocationUnit& unit,
                                const std::vector<TensorChoices>& choices,
                                const std::string* locked) {
    std::vector<Setting> settings;
    for (const TensorOption& first : choices[unit.tensors.front()].options) {
        if (locked != nullptr && first.method != *locked) continue;
        Setting setting;
        for (const std::size_t j : unit.tensors) {
            const auto option = optionWith(choices[j], first.method);
            if (!option) break;
            setting.options.push_back(*option);
            setting.point.bits += choices[j].options[*option].bits;
            setting.point.loss += choices[j].options[*option].loss;
        }
        if (setting.options.size() == unit.tensors.size()) settings.push_back(std::move(setting));
    }
    return settings;
}

void fillCurve(AllocationUnit& unit, std::vector<Setting> settings) {
    std::ranges::stable_sort(settings, [](const Setting& a, const Setting& b) {
        return a.point.bits != b.point.bits ? a.point.bits < b.point.bits
                                            : a.point.loss < b.point.loss;
    });
    std::vector<std::vector<std::size_t>> dominated;
    for (Setting& setting : settings) {
        const bool isBetter = unit.curve.empty() || setting.point.loss < unit.curve.back().loss;
        (isBetter ? unit.curve : unit.dominated).push_back(setting.point);
        (isBetter ? unit.options : dominated).push_back(std::move(setting.options));
    }
    std::ranges::move(dominated, std::back_inserter(unit.options));
}

}  // namespace

std::string modelPart(const std::string& tensor) {
    constexpr const char* separators = "./";
    const std::size_t last = tensor.find_last_of(separators);
    if (last == std::string::npos || last == 0) return {};
    const std::size_t before = tensor.find_last_of(separators, last - 1);
    return before == std::string::npos ? std::string() : tensor.substr(0, before);
}

std::vector<AllocationUnit> allocationUnits(const std::vector<TensorChoices>& choices,
                                            const AllocationRequest& request) {
    refuseIdlePatterns(choices, request);
    std::vector<AllocationUnit> units = grouped(choices, request);
    for (AllocationUnit& unit : units) {
        const std::string* locked = nullptr;
        std::size_t lockedTensor = 0;
        for (const std::size_t j : unit.tensors) {
            const std::string* lock = lockOf(choices[j].tensor, request);
            if (lock == nullptr) continue;
            if (locked != nullptr && *lock != *locked) {
                refuseLocks(choices[lockedTensor].tensor, *locked, choices[j].tensor, *lock);
            }
            locked = lock;
            lockedTensor = j;
        }
        unit.locked = locked != nullptr;
        fillCurve(unit, settingsOf(unit, choices, locked));
        if (!unit.curve.empty()) continue;
        const std::string name = printableText(choices[unit.tensors.front()].tensor);
        if (locked != nullptr) {
            throw Error("The run has no result of '" + *locked + "' for " + name + ".",
                        "Lock it to a method that was measured, in the form the run prints it.");
        }
        throw Error("The tensors tied to " + name + " have no method in common.",
                    "Measure them with the same methods, or untie them.");
    }
    return units;
}

}  // namespace quantscope
