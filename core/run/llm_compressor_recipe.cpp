// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/error.h"
#include "core/run/module_schemes.h"
#include "core/run/name_patterns.h"
#include "core/run/plan_recipes.h"

namespace quantscope {

namespace {

constexpr std::string_view regexPrefix = "re:";
constexpr const char* withFeedback = "GPTQModifier";
constexpr const char* withoutFeedback = "QuantizationModifier";

void checkScheme(const IntegerScheme& scheme) {
    if (scheme.bits < 2 || scheme.bits > 8) throw Error("compressed-tensors packs 2 to 8 bits");
}

std::string strategyText(IntegerScheme::Sharing sharing) {
    switch (sharing) {
        case IntegerScheme::Sharing::Tensor:
            return "tensor";
        case IntegerScheme::Sharing::Row:
            return "channel";
        case IntegerScheme::Sharing::Group:
            break;
    }
    return "group";
}

Json weightsJson(const IntegerScheme& scheme) {
    Json json{{"num_bits", scheme.bits},
              {"type", "int"},
              {"symmetric", scheme.isSymmetric},
              {"strategy", strategyText(scheme.sharing)},
              {"observer", scheme.minimizesError ? "mse" : "minmax"}};
    if (scheme.group > 0) json["group_size"] = scheme.group;
    if (scheme.inActOrder) json["actorder"] = "static";
    return json;
}

IntegerScheme schemeFromJson(const Json& weights, const std::string& modifier) {
    IntegerScheme scheme;
    scheme.bits = weights.at("num_bits").get<int>();
    scheme.isSymmetric = weights.at("symmetric").get<bool>();
    const auto strategy = weights.at("strategy").get<std::string>();
    scheme.sharing = strategy == "tensor"    ? IntegerScheme::Sharing::Tensor
                     : strategy == "channel" ? IntegerScheme::Sharing::Row
                                             : IntegerScheme::Sharing::Group;
    scheme.group = weights.value("group_size", Index{0});
    scheme.minimizesError = weights.at("observer") == "mse";
    scheme.hasFeedback = modifier == withFeedback;
    scheme.inActOrder = weights.contains("actorder");
    return scheme;
}

std::vector<PatternRule> readRules(const std::string& text) {
    const Json recipe = Json::parse(text);
    std::vector<PatternRule> rules;
    for (const auto& [modifier, settings] :
         recipe.at("quant_stage").at("quant_modifiers").items()) {
        for (const Json& group : settings.at("config_groups")) {
            const std::string meaning = schemeFromJson(group.at("weights"), modifier).toText();
            for (const Json& target : group.at("targets")) {
                rules.push_back({target.get<std::string>().substr(regexPrefix.size()), meaning});
            }
        }
    }
    return rules;
}

// One recipe has one order of channels.
bool areInActOrder(const std::vector<IntegerScheme>& schemes) {
    bool inOrder = false;
    bool inActOrder = false;
    for (const IntegerScheme& scheme : schemes) {
        if (scheme.hasFeedback) (scheme.inActOrder ? inActOrder : inOrder) = true;
    }
    if (inOrder && inActOrder) {
        throw Error(
            "The plan rounds some tensors in act-order and others in natural order, which "
            "one recipe of llm-compressor cannot say.",
            "Plan among GPTQ results of one order.");
    }
    return inActOrder;
}

}  // namespace

ExportedPlan llmCompressorRecipe(const std::vector<RecipeTensor>& tensors,
                                 const std::vector<std::string>& others) {
    const ModuleSchemes modules = moduleSchemes(tensors, others, "llm-compressor", checkScheme);
    const std::vector<IntegerScheme> schemes = modules.distinct();
    const bool inActOrder = areInActOrder(schemes);
    Json modifiers;
    int number = 0;
    for (const IntegerScheme& scheme : schemes) {
        Json targets = Json::array();
        for (const std::string& expression : nameExpressions(modules.modulesWith(scheme)))
            targets.push_back(std::string(regexPrefix) + anchored(expression));
        Json& modifier = modifiers[scheme.hasFeedback ? withFeedback : withoutFeedback];
        modifier["config_groups"]["group_" + std::to_string(number++)] = {
            {"targets", targets}, {"weights", weightsJson(scheme)}};
        // Its own default is act-order.
        if (scheme.hasFeedback && !inActOrder) modifier["actorder"] = nullptr;
    }
    ExportedPlan result;
    result.text = Json{{"quant_stage", {{"quant_modifiers", modifiers}}}}.dump(2) + '\n';
    checkRules(readRules(result.text), Matching::FromStart, modules.meanings(""));
    result.notes.emplace_back(
        "llm-compressor rounds the weights anew, so the losses are not the plan's.");
    const bool isServed = std::ranges::all_of(
        schemes, [](const IntegerScheme& scheme) { return scheme.bits == 4 || scheme.bits == 8; });
    if (!isServed) {
        result.notes.emplace_back(
            "vLLM computes with 4 and 8 bits; layers of other widths can be packed, but not every "
            "version of it loads them.");
    }
    if (!modules.knowsColumns) {
        result.notes.emplace_back(
            "The plan is of an older version and does not say how long rows are, so whether groups "
            "fit was not checked.");
    }
    return result;
}

}  // namespace quantscope
