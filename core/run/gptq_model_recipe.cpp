// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/run/fused_layers.h"
#include "core/run/module_schemes.h"
#include "core/run/name_patterns.h"
#include "core/run/plan_recipes.h"

namespace quantscope {

namespace {

constexpr std::string_view positive = "+:";
constexpr std::string_view negative = "-:";
const std::string skipped = "skipped";

void checkScheme(const IntegerScheme& scheme) {
    constexpr std::array widths = {2, 3, 4, 8};
    if (std::ranges::find(widths, scheme.bits) == widths.end()) {
        throw Error("GPTQModel has 2, 3, 4 and 8 bits");
    }
    if (scheme.sharing == IntegerScheme::Sharing::Tensor) {
        throw Error("GPTQModel has no single scale for all of a tensor");
    }
}

// What GPTQModel can be told of a scheme: it always rounds with feedback.
IntegerScheme inGptqModel(IntegerScheme scheme) {
    scheme.minimizesError = false;
    scheme.inActOrder = scheme.hasFeedback && scheme.inActOrder;
    scheme.hasFeedback = true;
    return scheme;
}

Json schemeJson(const IntegerScheme& scheme) {
    return {{"bits", scheme.bits},
            {"group_size", scheme.group > 0 ? scheme.group : -1},
            {"sym", scheme.isSymmetric},
            {"desc_act", scheme.inActOrder}};
}

IntegerScheme schemeFromJson(const Json& json) {
    IntegerScheme scheme;
    scheme.bits = json.at("bits").get<int>();
    const auto group = json.at("group_size").get<Index>();
    scheme.group = std::max<Index>(group, 0);
    scheme.sharing = group > 0 ? IntegerScheme::Sharing::Group : IntegerScheme::Sharing::Row;
    scheme.isSymmetric = json.at("sym").get<bool>();
    scheme.inActOrder = json.at("desc_act").get<bool>();
    scheme.hasFeedback = true;
    return scheme;
}

// As GPTQModel and vLLM read the configuration: what a rule does not say, the rest says.
std::vector<PatternRule> readRules(const std::string& text) {
    const Json config = Json::parse(text);
    std::vector<PatternRule> rules;
    for (const auto& [key, overrides] : config.at("dynamic").items()) {
        if (key.starts_with(negative)) {
            rules.push_back({key.substr(negative.size()), skipped});
            continue;
        }
        Json merged = config;
        merged.update(overrides);
        rules.push_back({key.substr(positive.size()), schemeFromJson(merged).toText()});
    }
    return rules;
}

// The scheme of most weights.
IntegerScheme usualScheme(const ModuleSchemes& modules) {
    std::map<std::string, Index> weights;
    IntegerScheme usual;
    Index most = -1;
    for (const auto& [module, scheme] : modules.schemes) {
        Index& sum = weights[scheme.toText()];
        sum += modules.weights.at(module);
        if (sum <= most) continue;
        most = sum;
        usual = scheme;
    }
    return usual;
}

}  // namespace

ExportedPlan gptqModelRecipe(const std::vector<RecipeTensor>& tensors,
                             const std::vector<std::string>& others) {
    ModuleSchemes modules = moduleSchemes(tensors, others, "GPTQModel", checkScheme);
    const bool hasClipping = std::ranges::any_of(
        modules.schemes, [](const auto& entry) { return entry.second.minimizesError; });
    for (auto& [module, scheme] : modules.schemes)
        scheme = inGptqModel(scheme);
    // vLLM looks up the names of layers as it fuses them.
    std::set<std::string> planned;
    for (const auto& [module, scheme] : modules.schemes)
        planned.insert(module);
    ModuleSchemes written = modules;
    for (const FusedLayer& layer : fusedLayers(planned))
        written.schemes[layer.name] = modules.schemes.at(layer.members.front());

    Json config = schemeJson(usualScheme(modules));
    // It leaves the head alone unless told otherwise.
    if (modules.schemes.contains("lm_head")) config["lm_head"] = true;
    std::string all;
    for (const IntegerScheme& scheme : written.distinct()) {
        for (const std::string& expression : nameExpressions(written.modulesWith(scheme))) {
            config["dynamic"][std::string(positive) + anchored(expression)] = schemeJson(scheme);
            all += (all.empty() ? "" : "|") + expression;
        }
    }
    config["dynamic"][std::string(negative) + "^(?!(?:" + all + ")$)"] = Json::object();
    ExportedPlan result;
    result.text = config.dump(2) + '\n';
    checkRules(readRules(result.text), Matching::FromStart, written.meanings(skipped));
    result.notes.emplace_back(
        "GPTQModel rounds the weights anew, with GPTQ, so the losses are not the plan's.");
    if (hasClipping) {
        result.notes.emplace_back(
            "Clipped ranges are a setting of the whole model there: set `mse` in QuantizeConfig.");
    }
    if (!modules.knowsColumns) {
        result.notes.emplace_back(
            "The plan is of an older version and does not say how long rows are, so whether groups "
            "fit was not checked.");
    }
    return result;
}

}  // namespace quantscope
