// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/output_file.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/run/plan_export.h"
#include "core/store/result_export.h"
#include "core/store/result_store.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

class ExportCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "export",
            "Write a result folder's table, experiment or Faiss strings, or a plan in another "
            "program's words.");
        app->add_option("FROM", m_folder, "Result folder of a run, or a plan that `allocate` wrote")
            ->required();
        app->add_option("--format", m_format,
                        "csv: table; json: records, or the plan. Of a folder: spec: the "
                        "experiment; faiss: index-factory strings. Of a plan: llama.cpp: a "
                        "--tensor-type-file; gptqmodel: QuantizeConfig with `dynamic`; "
                        "llm-compressor: a recipe")
            ->check(CLI::IsMember(
                {"csv", "json", "spec", "faiss", "llama.cpp", "gptqmodel", "llm-compressor"}))
            ->required();
        declareList(*app, "--trial", m_trials,
                    "Only trials whose id begins so (see the table's first column)");
        app->add_option("-o,--out", m_out, "File to write instead of standard output");
        declareForce(*app, m_force);
        app->footer(
            exampleFooter("quantscope-cli export results --format csv --out results.csv\n"
                          "  quantscope-cli export plan.json --format llama.cpp --out types.txt"));
        return app;
    }

    int run(const CommandContext& context) override {
        const bool isPlan = std::filesystem::path(m_folder).extension() == ".json";
        if (isPlan) {
            writePlan(context.plugins.registry);
            return Success;
        }
        if (isOfPlans(m_format)) {
            throw Error("Only plans can be written for " + m_format + ", and " +
                            printableText(m_folder) + " is none.",
                        "Make one with `quantscope-cli allocate`, and give its .json file.");
        }
        if (!m_out.empty()) checkOutput(m_out, m_force, ResultStore::filesOf(m_folder));
        const auto store = ResultStore::open(m_folder);
        const std::vector<TrialRecord> records = chosenRecords(*store);
        if (m_format == "csv") {
            write(recordsToCsv(records));
        } else if (m_format == "json") {
            write(recordsToJson(records).dump(2) + "\n");
        } else if (m_format == "spec") {
            write(specOf(*store, records).dump(2) + "\n");
        } else {
            return writeFaiss(recordsToFaiss(records));
        }
        return Success;
    }

private:
    static bool isOfPlans(const std::string& format) {
        return format == "llama.cpp" || format == "gptqmodel" || format == "llm-compressor";
    }

    void writePlan(const MethodRegistry& registry) const {
        if (!m_out.empty()) checkOutput(m_out, m_force, {m_folder});
        if (!m_trials.empty()) {
            throw Error("--trial chooses among the trials of a run, but " +
                            printableText(m_folder) + " is a plan.",
                        "Leave it out.");
        }
        const PlanFormat format = parsePlanFormat(m_format);
        const AllocationPlan plan = AllocationPlan::fromJson(readJsonFile(m_folder));
        if (!m_out.empty()) checkOutput(m_out, m_force, ResultStore::filesOf(plan.folder));
        const ExportedPlan exported = exportPlan(plan, format, modelTensorsOf(plan), registry);
        write(exported.text);
        for (const std::string& note : exported.notes)
            std::cerr << "note: " << note << '\n';
    }

    std::vector<TrialRecord> chosenRecords(const ResultStore& store) const {
        std::vector<TrialRecord> records = inPlanOrder(store.records(), store.run());
        if (m_trials.empty()) return records;
        std::erase_if(records, [&](const TrialRecord& record) {
            return std::ranges::none_of(m_trials, [&](const std::string& start) {
                return record.trialId.starts_with(start);
            });
        });
        if (records.empty()) {
            throw Error("No trial of " + m_folder + " has an id that begins with '" +
                            m_trials.front() + "'.",
                        "The ids stand in the first column of --format csv.");
        }
        return records;
    }

    // The stored experiment or, when trials were chosen, one with just their tensors and methods.
    Json specOf(const ResultStore& store, const std::vector<TrialRecord>& records) const {
        Json spec = store.spec();
        if (m_trials.empty()) return spec;
        Json tensors = Json::array();
        Json methods = Json::array();
        for (const TrialRecord& record : records) {
            const Json method = record.method.toJson();
            if (std::ranges::find(tensors, Json(record.tensor)) == tensors.end()) {
                tensors.push_back(record.tensor);
            }
            if (std::ranges::find(methods, method) == methods.end()) methods.push_back(method);
        }
        if (tensors.size() * methods.size() != records.size()) {
            throw Error("An experiment runs each of its methods on each of its tensors. The " +
                            std::to_string(records.size()) + " chosen trials are not all of " +
                            std::to_string(methods.size()) + " methods on " +
                            std::to_string(tensors.size()) + " tensors.",
                        "Choose whole rows and columns of the table, or export them one by one.");
        }
        spec["data"]["tensors"] = tensors;
        spec["methods"] = methods;
        return spec;
    }

    int writeFaiss(const Json& list) const {
        std::string lines;
        std::map<std::string, std::vector<std::string>> refused;  // Tensors by reason.
        for (const Json& entry : list) {
            const std::string tensor = entry["tensor"].get<std::string>();
            if (entry.contains("factory")) {
                lines += entry["factory"].get<std::string>() + "\t" + tensor + "\n";
                continue;
            }
            refused[entry["reason"].get<std::string>()].push_back(printableText(tensor));
        }
        for (const auto& [reason, tensors] : refused) {
            std::cerr << "not exported: " << tensors.front();
            if (tensors.size() > 1) std::cerr << " and " << tensors.size() - 1 << " more";
            std::cerr << ": " << reason << '\n';
        }
        if (lines.empty()) {
            throw Error("None of the trials in " + m_folder + " can be said as a Faiss string.");
        }
        write(lines);
        return refused.empty() ? Success : Failure;
    }

    void write(const std::string& text) const {
        if (m_out.empty()) {
            std::cout << text;
        } else {
            writeTextFile(m_out, text);
        }
    }

    std::string m_folder;
    std::string m_format;
    std::vector<std::string> m_trials;
    std::string m_out;
    bool m_force = false;
};

}  // namespace

std::unique_ptr<Command> makeExportCommand() {
    return std::make_unique<ExportCommand>();
}

}  // namespace quantscope
