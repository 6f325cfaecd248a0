// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <sstream>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/output_file.h"
#include "app/cli/text_table.h"
#include "app/cli/work_progress.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/run/allocation_plan.h"
#include "core/run/sensitivity.h"
#include "core/store/result_store.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

std::pair<std::string, std::string> parseLock(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
        throw Error("--lock '" + printableText(text) + "' is not understood.",
                    "Write a glob, = and a method, for example "
                    "--lock '*down_proj*=scalar:bits=6'.");
    }
    return {text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<std::string> parseTie(const std::string& text) {
    std::vector<std::string> patterns;
    std::istringstream stream(text);
    for (std::string pattern; std::getline(stream, pattern, ',');) {
        if (!pattern.empty()) patterns.push_back(pattern);
    }
    if (patterns.empty()) {
        throw Error("--tie needs globs with commas between them.",
                    "Write for example --tie '*q_proj*,*k_proj*,*v_proj*'.");
    }
    return patterns;
}

// What the run calls the method that is meant, however it is written; the text itself where the run
// has no such method, or it is none.
std::string labelInRun(const std::string& text, const std::vector<TrialRecord>& records,
                       const MethodRegistry& registry) {
    try {
        const MethodSpec meant = registry.resolve(SweptMethod::parse(text).method);
        const auto found = std::ranges::find(records, meant, &TrialRecord::method);
        return found == records.end() ? text : found->methodText;
    } catch (const Error&) {
        return text;
    }
}

class AllocateCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "allocate",
            "Choose for every tensor of a run one of its measured results, so that the loss is "
            "small and a budget is kept.");
        app->add_option("RUN_DIR", m_folder, "Result folder of a run with several methods")
            ->required();
        app->add_option("--budget-bpw", m_request.bitsPerWeight,
                        "Bits per weight of all tensors together, everything counted; never "
                        "exceeded")
            ->required();
        app->add_option("--allocator", m_allocator,
                        "exact (the default), lagrangian, greedy, baq (closed form), uniform");
        app->add_option(
            "--loss", m_loss,
            "What is added up: weight (|E|^2), output (tr E H E^T), relative; auto: output "
            "with --model, otherwise weight");
        declareRepeatable(*app, "--lock", m_locks, "GLOB=METHOD: these tensors get this method");
        declareRepeatable(*app, "--tie", m_ties,
                          "GLOB,GLOB...: matching tensors of one part of the model get one method");
        app->add_option("--model", m_model,
                        "With --tokens: weigh each tensor's loss by what it does to this model");
        app->add_option("--tokens", m_tokens,
                        "Token ids for --model; not those that judge the result");
        app->add_option("-o,--out", m_out, "JSON file for the plan")->required();
        declareForce(*app, m_force);
        app->add_flag("--json", m_json, "Print the plan as well");
        app->footer(
            exampleFooter("quantscope-cli allocate results/ --budget-bpw 3 --allocator exact "
                          "--tie '*q_proj*,*k_proj*,*v_proj*' --out plan.json"));
        return app;
    }

    int run(const CommandContext& context) override {
        checkOut();
        m_request.allocator = parseAllocator(m_allocator);
        for (const std::string& lock : m_locks)
            m_request.locks.push_back(parseLock(lock));
        for (const std::string& tie : m_ties)
            m_request.ties.push_back(parseTie(tie));
        if (m_model.empty() != m_tokens.empty()) {
            throw Error("--model and --tokens belong together.", "Give both or neither.");
        }
        const LossMeasure measure = usualMeasure(parseLossMeasure(m_loss), !m_model.empty());
        const auto store = ResultStore::open(m_folder);
        const std::vector<TrialRecord> records = inPlanOrder(store->records(), store->run());
        for (auto& lock : m_request.locks)
            lock.second = labelInRun(lock.second, records, context.plugins.registry);
        std::vector<TensorChoices> choices = measuredChoices(records, measure, {});
        if (!m_model.empty()) {
            choices = measuredChoices(records, measure, sensitivities(choices, context));
        }
        AllocationPlan plan = planAllocation(choices, m_request);
        plan.run = store->run().runId;
        plan.folder = std::filesystem::absolute(m_folder).lexically_normal().string();
        writeTextFile(m_out, plan.toJson().dump(2) + '\n');
        if (m_json) {
            std::cout << plan.toJson().dump(2) << '\n';
        } else {
            report(plan);
        }
        return Success;
    }

private:
    void checkOut() const {
        std::vector<std::string> inputs = ResultStore::filesOf(m_folder);
        inputs.insert(inputs.end(), {m_model, m_tokens});
        checkOutput(m_out, m_force, inputs);
    }

    std::map<std::string, double> sensitivities(const std::vector<TensorChoices>& choices,
                                                const CommandContext& context) const {
        const WorkProgress progress(std::cerr);
        const RunContext work(0, context.stop, progress.function());
        const OpenOptions options{context.prober, false};
        std::map<std::string, double> result;
        Arena(0).execute([&] {
            const LanguageModel model =
                LanguageModel::load(*TensorFile::open(m_model, options), work.part(0.0, 0.05, 0));
            const TokenRows tokens =
                TokenRows::read(*TensorFile::open(m_tokens, options), model.config().vocabulary,
                                model.config().context);
            result = measureSensitivities(model, choices, m_folder, m_request.bitsPerWeight, tokens,
                                          context.plugins.registry, work.part(0.05, 1.0, 1));
        });
        return result;
    }

    void report(const AllocationPlan& plan) const {
        using Align = TextTable::Align;
        TextTable table;
        table.addColumn("tensor", Align::Left, TextTable::widestName);
        table.addColumn("method", Align::Left);
        table.addColumn("bits/weight", Align::Right);
        table.addColumn("share of loss %", Align::Right);
        table.addColumn("a bit more saves", Align::Right);
        table.addColumn("a bit less costs", Align::Right);
        const auto slope = [&](const std::optional<double>& value) {
            return value ? formatSignificant(*value) : "";
        };
        for (const PlannedTensor& tensor : plan.tensors) {
            table.addRow(
                {printableText(tensor.tensor),
                 tensor.option.method + (tensor.locked ? " (locked)" : ""),
                 formatSignificant(tensor.bitsPerWeight(), 4),
                 plan.loss > 0.0 ? formatSignificant(100.0 * tensor.option.loss / plan.loss) : "",
                 slope(tensor.gainPerBit), slope(tensor.lossPerBit)});
        }
        table.print(std::cout);
        std::cout << "\nrequested " << formatNumber(plan.requestedBitsPerWeight) << ", achieved "
                  << formatSignificant(plan.achievedBitsPerWeight, 5) << " bits per weight; loss "
                  << formatSignificant(plan.loss, 4)
                  << (plan.isOptimal
                          ? " (the least possible)"
                          : ", at least " + formatSignificant(plan.bound, 4) + " for any plan")
                  << '\n';
        for (const UniformBaseline& baseline : plan.baselines) {
            std::cout << "uniform   " << formatSignificant(baseline.bitsPerWeight, 4)
                      << " bits per weight, loss " << formatSignificant(baseline.loss, 4) << "  "
                      << baseline.method << '\n';
        }
        for (const std::string& remark : plan.remarks)
            std::cerr << "note: " << remark << '\n';
        std::cout << "Wrote " << m_out << '\n';
    }

    std::string m_folder;
    AllocationRequest m_request;
    std::string m_allocator = allocatorText(Allocator::Exact);
    std::string m_loss = lossMeasureText(LossMeasure::Automatic);
    std::vector<std::string> m_locks;
    std::vector<std::string> m_ties;
    std::string m_model;
    std::string m_tokens;
    std::string m_out;
    bool m_force = false;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeAllocateCommand() {
    return std::make_unique<AllocateCommand>();
}

}  // namespace quantscope
