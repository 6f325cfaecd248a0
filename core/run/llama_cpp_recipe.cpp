// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <sstream>

#include "core/base/error.h"
#include "core/io/gguf_names.h"
#include "core/run/name_patterns.h"
#include "core/run/plan_recipes.h"
#include "core/run/recipe_refusals.h"
#include "core/run/recipe_scheme.h"

namespace quantscope {

namespace {

// Files may name their tensors as llama.cpp does already.
std::string nameInLlamaCpp(const std::string& tensor) {
    const std::string name = ggufName(tensor);
    return name.empty() && !huggingFaceName(tensor).empty() ? tensor : name;
}

// The type of a tensor. Throws Error with what is in the way.
std::string typeOf(const RecipeTensor& tensor) {
    const std::string type = ggmlType(tensor.method);
    const Index block = ggmlBlock(type);
    if (tensor.planned->cols % block != 0) {
        throw Error("its blocks are " + std::to_string(block) + " weights of a row, but rows of " +
                    std::to_string(tensor.planned->cols) +
                    " are no multiple of it, so llama.cpp would take another type");
    }
    return type;
}

// As llama-quantize reads the file: PATTERN=TYPE between spaces, patterns in lower case.
std::vector<PatternRule> readTypes(const std::string& text) {
    std::vector<PatternRule> rules;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) throw Error("'" + word + "' gives no type.");
        std::string pattern = word.substr(0, equals);
        std::ranges::transform(pattern, pattern.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        rules.push_back({pattern, word.substr(equals + 1)});
    }
    return rules;
}

}  // namespace

ExportedPlan llamaCppRecipe(const std::vector<RecipeTensor>& tensors,
                            const std::vector<std::string>& others) {
    RecipeRefusals refusals;
    std::map<std::string, std::vector<std::string>> namesByType;
    std::map<std::string, std::string> expected;
    bool knowsColumns = true;
    for (const RecipeTensor& tensor : tensors) {
        const std::string& name = tensor.planned->tensor;
        const std::string inLlamaCpp = nameInLlamaCpp(name);
        if (inLlamaCpp.empty()) {
            refusals.add("the name is none of a Llama-type model", name);
            continue;
        }
        knowsColumns = knowsColumns && tensor.planned->cols > 0;
        try {
            const std::string type = typeOf(tensor);
            namesByType[type].push_back(inLlamaCpp);
            expected[inLlamaCpp] = type;
        } catch (const Error& error) {
            refusals.add(tensor.planned->option.method + ": " + error.what(), name);
        }
    }
    refusals.throwIfAny("llama.cpp",
                        "Plan among its own layouts (method kquant, or format:type=mxfp4), and "
                        "leave out tensors whose rows do not fit.");
    for (const std::string& other : others) {
        if (const std::string name = nameInLlamaCpp(other); !name.empty()) expected[name];
    }
    ExportedPlan result;
    for (const auto& [type, names] : namesByType) {
        for (const std::string& expression : nameExpressions(names))
            result.text += anchored(expression) + "=" + type + "\n";
    }
    checkRules(readTypes(result.text), Matching::Anywhere, expected);
    result.notes.emplace_back(
        "llama-quantize rounds the weights by itself, so the losses are not the plan's. The type "
        "on its command line is for tensors that the plan does not name; it must be a quantized "
        "one, or no pattern counts.");
    if (!knowsColumns) {
        result.notes.emplace_back(
            "The plan is of an older version and does not say how long rows are: llama.cpp takes "
            "another type where they are no multiple of a type's block.");
    }
    return result;
}

}  // namespace quantscope
