// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/plan_export.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/base/csv_text.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/run/plan_recipes.h"
#include "core/run/recipe_refusals.h"
#include "core/store/result_store.h"

namespace quantscope {

namespace {

constexpr std::array<std::string_view, 5> names = {"json", "csv", "llama.cpp", "gptqmodel",
                                                   "llm-compressor"};

[[noreturn]] void refuseReadBack() {
    throw Error("What was written was read back and found not to say what the plan says.",
                "Nothing was kept of it. This is a mistake of the program: please report it.");
}

std::string planJson(const AllocationPlan& plan) {
    std::string text = plan.toJson().dump(2) + '\n';
    if (AllocationPlan::fromJson(Json::parse(text)).toJson() != plan.toJson()) refuseReadBack();
    return text;
}

std::vector<std::vector<std::string>> planTable(const AllocationPlan& plan) {
    std::vector<std::vector<std::string>> lines = {
        {"tensor", "method", "bits_per_weight", "bits", "weights", "columns", "loss", "loss_share",
         "gain_per_bit", "loss_per_bit", "locked", "trial"}};
    const auto optional = [](const std::optional<double>& value) {
        return value ? formatNumber(*value) : std::string();
    };
    for (const PlannedTensor& tensor : plan.tensors) {
        const double share = plan.loss > 0.0 ? tensor.option.loss / plan.loss : 0.0;
        lines.push_back({tensor.tensor, tensor.option.method, formatNumber(tensor.bitsPerWeight()),
                         std::to_string(tensor.option.bits), std::to_string(tensor.weights),
                         tensor.cols > 0 ? std::to_string(tensor.cols) : "",
                         formatNumber(tensor.option.loss), formatNumber(share),
                         optional(tensor.gainPerBit), optional(tensor.lossPerBit),
                         tensor.locked ? "true" : "false", tensor.option.trialId});
    }
    return lines;
}

std::string planCsv(const AllocationPlan& plan) {
    const auto lines = planTable(plan);
    std::string text;
    for (const std::vector<std::string>& line : lines)
        text += csvLine(line);
    if (parseCsv(text) != lines) refuseReadBack();
    return text;
}

std::vector<RecipeTensor> recipeTensors(const AllocationPlan& plan,
                                        const MethodRegistry& registry) {
    std::vector<RecipeTensor> tensors;
    RecipeRefusals refusals;
    for (const PlannedTensor& tensor : plan.tensors) {
        try {
            const MethodSpec method = SweptMethod::parse(tensor.option.method).method;
            tensors.push_back({&tensor, registry.resolve(method)});
        } catch (const Error& error) {
            refusals.add(tensor.option.method + ": " + error.what(), tensor.tensor);
        }
    }
    refusals.throwIfAny("another program", "Install the plugins that the plan's run used.");
    return tensors;
}

}  // namespace

std::span<const std::string_view> planFormatNames() {
    return names;
}

PlanFormat parsePlanFormat(const std::string& text) {
    const auto found = std::ranges::find(names, text);
    if (found != names.end()) return static_cast<PlanFormat>(found - names.begin());
    const std::string near = nearestWord(text, names);
    throw Error("Plans cannot be written as '" + text + "'.",
                (near.empty() ? "" : "Did you mean " + near + "? ") +
                    std::string("Choose json, csv, llama.cpp, gptqmodel or llm-compressor."));
}

ExportedPlan exportPlan(const AllocationPlan& plan, PlanFormat format,
                        const std::vector<std::string>& modelTensors,
                        const MethodRegistry& registry) {
    if (format == PlanFormat::OwnJson) return {planJson(plan), {}};
    if (format == PlanFormat::Csv) return {planCsv(plan), {}};
    std::set<std::string> unplanned(modelTensors.begin(), modelTensors.end());
    for (const PlannedTensor& tensor : plan.tensors)
        unplanned.erase(tensor.tensor);
    const std::vector<std::string> others(unplanned.begin(), unplanned.end());
    const std::vector<RecipeTensor> tensors = recipeTensors(plan, registry);
    ExportedPlan exported = format == PlanFormat::LlamaCpp ? llamaCppRecipe(tensors, others)
                            : format == PlanFormat::GptqModel
                                ? gptqModelRecipe(tensors, others)
                                : llmCompressorRecipe(tensors, others);
    if (modelTensors.empty()) {
        exported.notes.emplace_back(
            "The names of the model's other tensors are not known (the run's folder cannot be "
            "read), so it was not checked that the patterns leave them alone, and that layers "
            "which are loaded as one are planned whole.");
    }
    return exported;
}

std::vector<std::string> modelTensorsOf(const AllocationPlan& plan) {
    std::vector<std::string> tensors;
    try {
        const auto store = ResultStore::open(plan.folder);
        for (const FileTensor& tensor : store->run().tensors)
            tensors.push_back(tensor.name);
    } catch (const Error&) {
        // The plan can be said without them; only less can be checked.
    }
    return tensors;
}

}  // namespace quantscope
