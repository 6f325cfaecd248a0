// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/module_schemes.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/run/fused_layers.h"
#include "core/run/recipe_refusals.h"

namespace quantscope {

namespace {

constexpr std::string_view ending = ".weight";

// Empty when the tensor is no layer's weight.
std::string moduleOf(const std::string& tensor) {
    if (!tensor.ends_with(ending) || tensor.size() == ending.size()) return {};
    return tensor.substr(0, tensor.size() - ending.size());
}

// By their names: a plan does not say what kind of layer a tensor is of.
bool isNoLinearLayer(const std::string& module) {
    const std::string last = module.substr(module.rfind('.') + 1);
    return last.find("embed") != std::string::npos || last.find("norm") != std::string::npos;
}

void checkGroups(const IntegerScheme& scheme, Index cols) {
    if (scheme.group == 0 || cols % scheme.group == 0) return;
    throw Error("rows of " + std::to_string(cols) + " cannot be cut into groups of " +
                std::to_string(scheme.group));
}

}  // namespace

std::map<std::string, std::string> ModuleSchemes::meanings(const std::string& left) const {
    std::map<std::string, std::string> result;
    for (const auto& [module, scheme] : schemes)
        result[module] = scheme.toText();
    for (const std::string& module : others)
        result[module] = left;
    return result;
}

std::vector<std::string> ModuleSchemes::modulesWith(const IntegerScheme& scheme) const {
    std::vector<std::string> modules;
    for (const auto& [module, other] : schemes) {
        if (other == scheme) modules.push_back(module);
    }
    return modules;
}

std::vector<IntegerScheme> ModuleSchemes::distinct() const {
    std::vector<IntegerScheme> result;
    for (const auto& [module, scheme] : schemes) {
        if (std::ranges::find(result, scheme) == result.end()) result.push_back(scheme);
    }
    std::ranges::stable_sort(result, std::less(), &IntegerScheme::bits);
    return result;
}

ModuleSchemes moduleSchemes(const std::vector<RecipeTensor>& tensors,
                            const std::vector<std::string>& others, const std::string& program,
                            const std::function<void(const IntegerScheme&)>& check) {
    ModuleSchemes result;
    RecipeRefusals refusals;
    for (const RecipeTensor& tensor : tensors) {
        const PlannedTensor& planned = *tensor.planned;
        const std::string module = moduleOf(planned.tensor);
        if (module.empty()) {
            refusals.add("no layer's weight, as its name does not end with .weight",
                         planned.tensor);
            continue;
        }
        if (isNoLinearLayer(module)) {
            refusals.add("an embedding or a norm, which is no linear layer", planned.tensor);
            continue;
        }
        result.knowsColumns = result.knowsColumns && planned.cols > 0;
        try {
            const IntegerScheme scheme = integerScheme(tensor.method);
            check(scheme);
            checkGroups(scheme, planned.cols);
            result.schemes[module] = scheme;
            result.weights[module] = planned.weights;
        } catch (const Error& error) {
            refusals.add(planned.option.method + ": " + error.what(), planned.tensor);
        }
    }
    refusals.throwIfAny(program,
                        "Plan among uniform grids (method scalar, or gptq over it) that it has, "
                        "and leave out tensors that do not fit.");
    for (const std::string& other : others) {
        if (const std::string module = moduleOf(other); !module.empty()) {
            result.others.insert(module);
        }
    }
    std::set<std::string> modules = result.others;
    for (const auto& [module, scheme] : result.schemes)
        modules.insert(module);
    std::map<std::string, std::string> planned;
    for (const auto& [module, scheme] : result.schemes)
        planned[module] = scheme.toText();
    checkFusedLayers(planned, modules);
    return result;
}

}  // namespace quantscope
