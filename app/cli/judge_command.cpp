// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/text_table.h"
#include "app/cli/work_progress.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/run/model_judge.h"
#include "core/store/result_store.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

class JudgeCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand("judge",
                                               "Evaluate a language model with every method of a "
                                               "run, with plans and with artifacts; the "
                                               "perplexities are kept in the run's folder.");
        app->add_option("DIR", m_folder, "Result folder of a run over the model's layers")
            ->required();
        app->add_option("--tokens", m_tokens, "HDF5 file with token ids in 'input_ids'")
            ->required();
        declareRepeatable(*app, "--plan", m_plans, "A plan that `allocate` made from this run");
        declareRepeatable(*app, "--artifacts", m_artifacts,
                          "[LABEL=]FOLDER: artifacts of the run's tensors that `requantize` made");
        app->add_option("--model", m_model, "The quantized file, if it is not where it was");
        app->add_option("--threads", m_threads, "How many threads work (default: one per core)")
            ->check(CLI::Range(1, 1024));
        app->add_flag("--json", m_json, "Print all evaluations that the folder keeps");
        app->footer(exampleFooter(
            "quantscope-cli judge results --tokens "
            "stories260k-evaluation-tokens.h5 --plan plan.json\n"
            "  quantscope-cli judge results --tokens "
            "stories260k-evaluation-tokens.h5 --artifacts 'layer by layer=artifacts'\n"
            "  quantscope-cli plot results --figure perplexity --out front.pdf"));
        return app;
    }

    int run(const CommandContext& context) override {
        const auto store = ResultStore::open(m_folder);
        JudgeRequest request;
        request.folder = m_folder;
        request.model = m_model.empty() ? store->run().data.path : m_model;
        request.tokens = m_tokens;
        request.prober = context.prober;
        request.settings = methodSettings(inPlanOrder(store->records(), store->run()));
        for (const std::string& path : m_plans)
            addPlan(path, store->run(), request.settings);
        for (const std::string& text : m_artifacts)
            request.settings.push_back(artifactsOf(text, context));
        const WorkProgress progress(std::cerr);
        const RunContext work(0, context.stop, progress.function());
        Arena(m_threads).execute([&] {
            judgeRun(
                request, context.plugins.registry, [](const auto&) {}, work);
        });
        progress.clear();
        report();
        return Success;
    }

private:
    // Plans of the same results are one; others that are called alike are told apart by their
    // files.
    static void addPlan(const std::string& path, const RunInfo& run,
                        std::vector<JudgedSetting>& settings) {
        JudgedSetting added = settingOf(path, run);
        const auto sorted = [](std::vector<std::string> trials) {
            std::ranges::sort(trials);
            return trials;
        };
        for (const JudgedSetting& other : settings) {
            if (sorted(other.trials) == sorted(added.trials)) {
                std::cerr << "note: the plan '" << printableText(path)
                          << "' gives every tensor the same as '" << printableText(other.label)
                          << "', which stands for both\n";
                return;
            }
            if (other.label == added.label) {
                added.label += ", " + std::filesystem::path(path).stem().string();
            }
        }
        settings.push_back(std::move(added));
    }

    static JudgedSetting settingOf(const std::string& path, const RunInfo& run) {
        const AllocationPlan plan = AllocationPlan::fromJson(readJsonFile(path));
        if (plan.run != run.runId) {
            throw Error("The plan '" + printableText(path) + "' was made from another run.",
                        "Give the folder of that run, or allocate again.");
        }
        return planSetting(plan);
    }

    // A folder whose name holds an equals sign stands for itself.
    static JudgedSetting artifactsOf(const std::string& text, const CommandContext& context) {
        const std::size_t equals = text.find('=');
        const bool isLabelled = equals != std::string::npos && !std::filesystem::exists(text);
        const std::string path = isLabelled ? text.substr(equals + 1) : text;
        const std::string label = isLabelled ? text.substr(0, equals) : std::string();
        return artifactSetting(path, label, context.plugins.registry, context.prober, context.stop);
    }

    void report() const {
        const std::vector<EvaluationRecord> records = readEvaluations(m_folder);
        if (m_json) {
            Json list = Json::array();
            for (const EvaluationRecord& record : records)
                list.push_back(record.toJson());
            std::cout << list.dump(2) << '\n';
            return;
        }
        using Align = TextTable::Align;
        TextTable table;
        table.addColumn("bits/weight", Align::Right);
        table.addColumn("perplexity", Align::Right);
        table.addColumn("+-", Align::Right);
        table.addColumn("divergence", Align::Right);
        table.addColumn("of", Align::Left);
        table.addColumn("tokens", Align::Left);
        for (const EvaluationRecord& record : records) {
            const bool isModel = record.kind == EvaluationRecord::Kind::Model;
            table.addRow({isModel ? "" : formatSignificant(record.bitsPerWeight, 4),
                          formatSignificant(record.perplexity, 5),
                          formatSignificant(record.standardError, 2),
                          isModel ? "" : formatSignificant(record.divergence, 4),
                          isModel ? "the model as it is" : record.label,
                          std::filesystem::path(record.tokens).filename().string()});
        }
        table.print(std::cout);
    }

    std::string m_folder;
    std::string m_tokens;
    std::string m_model;
    std::vector<std::string> m_plans;
    std::vector<std::string> m_artifacts;
    int m_threads = 0;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeJudgeCommand() {
    return std::make_unique<JudgeCommand>();
}

}  // namespace quantscope
