// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iostream>
#include <limits>
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
#include "core/run/artifact_choice.h"
#include "core/run/budget_curve.h"
#include "core/run/importance.h"
#include "core/run/input_check.h"
#include "core/run/plan_search.h"
#include "core/run/quantized_model.h"
#include "core/run/sensitivity.h"
#include "core/store/result_store.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

constexpr int curvePoints = 48;  // As the window draws it.

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

class AllocateCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "allocate",
            "Choose for every tensor of a run one of its measured results, so that the loss is "
            "small and a budget is kept.");
        app->add_option("RUN_DIR", m_folder, "Result folder of a run with several methods")
            ->required();
        m_budget = app->add_option("--budget-bpw", m_request.bitsPerWeight,
                                   "Bits per weight of all tensors together, everything counted; "
                                   "never exceeded");
        app->add_flag("--curve", m_curve,
                      "Instead of one plan: what plans lose at budgets from the least bits to the "
                      "most, beside each method alone")
            ->excludes(m_budget);
        app->add_option("--allocator", m_allocator,
                        "exact (the default), lagrangian, greedy, baq (closed form), uniform, "
                        "ranking (see --by), evolution (search on the model's own loss)");
        app->add_option("--by", m_by,
                        "What a ranking sorts tensors by: trace (tr H / n), large_weights, or "
                        "layer_change with --model and --tokens");
        app->add_option(
            "--loss", m_loss,
            "What is added up: weight (|E|^2), output (tr E H E^T), relative; auto: output "
            "with --model, otherwise weight");
        declareRepeatable(*app, "--lock", m_locks, "GLOB=METHOD: these tensors get this method");
        declareRepeatable(*app, "--tie", m_ties,
                          "GLOB,GLOB...: matching tensors of one part of the model get one method");
        app->add_flag("--usual-ties", m_usualTies,
                      "Tie q/k/v and gate/up, which one kernel reads together");
        app->add_option("--model", m_model,
                        "With --tokens: weigh each tensor's loss by what it does to this model");
        app->add_option("--tokens", m_tokens,
                        "Token ids for --model; not those that judge the result");
        declareSearch(*app);
        app->add_option("-o,--out", m_out, "JSON file for the plan or the curve")->required();
        declareForce(*app, m_force);
        app->add_flag("--json", m_json, "Print the plan or the curve as well");
        app->footer(
            exampleFooter("quantscope-cli allocate results/ --budget-bpw 3 --allocator exact "
                          "--tie '*q_proj*,*k_proj*,*v_proj*' --out plan.json\n"
                          "  quantscope-cli allocate results/ --curve --usual-ties --out "
                          "curve.json\n"
                          "  quantscope-cli allocate results/ --budget-bpw 3 --allocator evolution "
                          "--model stories260k.h5 --tokens stories260k-calibration-tokens.h5 --out "
                          "plan.json"));
        return app;
    }

    int run(const CommandContext& context) override {
        if (m_budget->count() == 0 && !m_curve) {
            std::cerr << "error: Nothing says how many bits there are. Give --budget-bpw, or "
                         "--curve for all budgets.\n";
            return UsageError;
        }
        checkOut();
        checkTogether();
        for (const std::string& lock : m_locks)
            m_request.locks.push_back(parseLock(lock));
        for (const std::string& tie : m_ties)
            m_request.ties.push_back(parseTie(tie));
        const bool isWeighed =
            !m_model.empty() && !m_isUnweighed && m_request.allocator != Allocator::Ranking;
        const LossMeasure wanted = usualMeasure(parseLossMeasure(m_loss), isWeighed);
        const auto store = ResultStore::open(m_folder);
        const std::vector<TrialRecord> records = inPlanOrder(store->records(), store->run());
        const LossMeasure measure = measureOf(records, wanted);
        m_search.loss = measure;
        m_search.isWeighed = isWeighed;
        for (auto& lock : m_request.locks)
            lock.second = methodTextIn(records, lock.second, context.plugins.registry);
        std::vector<TensorChoices> choices = measuredChoices(records, measure, {});
        if (m_usualTies) addUsualTies(choices);
        if (m_curve) m_request.bitsPerWeight = budgetRange(choices).middle();
        const WorkProgress progress(std::cerr);
        const RunContext work(0, context.stop, progress.function());
        Arena(0).execute([&] {
            constexpr double weighed = 0.2;
            if (m_request.allocator == Allocator::Ranking) {
                m_request.importance = importance(choices, store->run(), context, work);
            } else if (isWeighed) {
                const RunContext part = work.part(0.0, isSearch() ? weighed : 1.0, 1);
                choices = measuredChoices(records, measure,
                                          sensitivities(choices, store->run(), context, part));
            }
            if (m_curve) {
                m_foundCurve = budgetCurve(choices, m_request, curvePoints, context.stop);
            } else if (isSearch()) {
                m_foundPlan = searchPlan(choices, m_request, searchRequest(context),
                                         context.plugins.registry, work.part(weighed, 1.0, 1));
            } else {
                m_foundPlan = planAllocation(choices, m_request);
            }
        });
        progress.clear();
        if (m_curve) {
            writeResult(curveJson(m_foundCurve, lossMeasureText(measure)),
                        [&] { report(m_foundCurve); });
            return Success;
        }
        m_foundPlan.run = store->run().runId;
        m_foundPlan.folder = std::filesystem::absolute(m_folder).lexically_normal().string();
        writeResult(m_foundPlan.toJson(), [&] { report(m_foundPlan); });
        return Success;
    }

private:
    static constexpr const char* evolution = "evolution";

    bool isSearch() const { return m_allocator == evolution; }

    void declareSearch(CLI::App& app) {
        constexpr int most = 1000000;
        app.add_option("--objective", m_objective,
                       "What evolution lowers: divergence from the unquantized model (the "
                       "default), or perplexity");
        app.add_option("--from", m_from, "The allocator whose plan evolution starts from (exact)");
        app.add_flag("--unweighed", m_isUnweighed,
                     "Evolution starts from losses that --model does not weigh, as the window's "
                     "search does");
        app.add_option("--generations", m_search.generations, "Of evolution (60)")
            ->check(CLI::Range(0, most));
        app.add_option("--offspring", m_search.offspring, "Of every generation (16)")
            ->check(CLI::Range(1, most));
        declareSeed(app, m_search.seed, "Seed of evolution (default 0)");
        for (const char* name :
             {"--objective", "--from", "--unweighed", "--generations", "--offspring", "--seed"})
            m_searchOptions.push_back(app.get_option(name));
    }

    // What would have no effect is a mistake.
    void refuseOptionsOfSearch() const {
        for (const CLI::Option* option : m_searchOptions) {
            if (option->count() == 0) continue;
            throw Error(option->get_name() + " is for --allocator evolution.",
                        "Give --allocator evolution, or leave it out.");
        }
    }

    // Options that need others, before anything is read.
    void checkTogether() {
        if (!isSearch()) refuseOptionsOfSearch();
        m_request.allocator = parseAllocator(isSearch() ? m_from : m_allocator);
        m_search.objective = parseSearchObjective(m_objective);
        if (m_model.empty() != m_tokens.empty()) {
            throw Error("--model and --tokens belong together.", "Give both or neither.");
        }
        if (isSearch() && m_model.empty()) {
            throw Error("Evolution judges plans by running the model.",
                        "Give --model and --tokens.");
        }
        if (isSearch() && m_curve) {
            throw Error("Evolution is for one budget.", "Give --budget-bpw instead of --curve.");
        }
        const bool isRanking = m_request.allocator == Allocator::Ranking;
        if (isRanking == m_by.empty()) {
            throw Error(isRanking ? "Nothing says what tensors are ranked by."
                                  : "--by is for --allocator ranking.",
                        "Give --allocator ranking --by trace, large_weights or layer_change.");
        }
        if (isRanking) parseImportanceScore(m_by);
        m_request.rankedBy = m_by;
    }

    static std::map<std::string, double> traces(const std::vector<TensorChoices>& choices,
                                                const InputFile& input,
                                                const OpenOptions& options) {
        const auto file = HessianFile::open(input.path, options);
        refuseOtherContent(input, file->path(), file->fingerprint(options.stop),
                           "the file whose Hessians the run used");
        return hessianTraces(choices, *file, options.stop);
    }

    std::map<std::string, double> largeShares(const std::vector<TensorChoices>& choices,
                                              const InputFile& input,
                                              const OpenOptions& options) const {
        const auto file = TensorFile::open(m_model.empty() ? input.path : m_model, options);
        refuseOtherContent(input, file->path(), file->fingerprint(options.stop),
                           "the file that the run quantized");
        return largeWeightShares(choices, *file, options.stop);
    }

    std::map<std::string, double> importance(const std::vector<TensorChoices>& choices,
                                             const RunInfo& run, const CommandContext& context,
                                             const RunContext& work) const {
        const OpenOptions options{context.prober, false, context.stop};
        switch (parseImportanceScore(m_by)) {
            case ImportanceScore::Trace:
                if (run.hessians.path.empty()) {
                    throw Error("The run had no Hessians, so there are no traces.",
                                "Run it with --hessians, or rank by large_weights.");
                }
                return traces(choices, run.hessians, options);
            case ImportanceScore::LargeWeights:
                return largeShares(choices, run.data, options);
            case ImportanceScore::LayerChange:
                break;
        }
        if (m_model.empty()) {
            throw Error("Layer changes are measured by running the model.",
                        "Give --model and --tokens.");
        }
        const QuantizedModel quantized(m_folder, m_model, m_tokens, context.prober, work);
        return layerChanges(choices, ForwardPass(quantized.model()), quantized.tokens(), work);
    }

    PlanSearchRequest searchRequest(const CommandContext& context) const {
        PlanSearchRequest request = m_search;
        request.folder = m_folder;
        request.model = m_model;
        request.tokens = m_tokens;
        request.prober = context.prober;
        return request;
    }

    void writeResult(const Json& json, const std::function<void()>& reportIt) const {
        writeTextFile(m_out, json.dump(2) + '\n');
        if (m_json) {
            std::cout << json.dump(2) << '\n';
        } else {
            reportIt();
        }
    }

    void addUsualTies(const std::vector<TensorChoices>& choices) {
        const auto ties = usualTies(choices);
        if (ties.empty()) {
            throw Error("The run has no tensors that are usually tied: q/k/v, gate/up.",
                        "Leave out --usual-ties, or say with --tie what belongs together.");
        }
        m_request.ties.insert(m_request.ties.end(), ties.begin(), ties.end());
    }

    Json curveJson(const BudgetCurve& curve, const std::string& loss) const {
        Json plans = Json::array();
        for (const BudgetCurve::Point& point : curve.plans) {
            plans.push_back({{"requested_bits_per_weight", point.requestedBitsPerWeight},
                             {"bits_per_weight", point.bitsPerWeight},
                             {"loss", point.loss},
                             {"bound", point.bound}});
        }
        Json uniform = Json::array();
        for (const UniformBaseline& baseline : curve.uniform) {
            uniform.push_back({{"method", baseline.method},
                               {"bits_per_weight", baseline.bitsPerWeight},
                               {"loss", baseline.loss}});
        }
        Json json{{"allocator", m_allocator}, {"loss", loss}};
        if (!m_by.empty()) json["by"] = m_by;
        json["plans"] = plans;
        json["uniform"] = uniform;
        return json;
    }

    // Plans and single methods in one list, by bits.
    void report(const BudgetCurve& curve) const {
        using Align = TextTable::Align;
        TextTable table;
        table.addColumn("bits/weight", Align::Right);
        table.addColumn("loss", Align::Right);
        table.addColumn("of", Align::Left);
        auto single = curve.uniform.begin();
        const auto addSingles = [&](double below) {
            for (; single != curve.uniform.end() && single->bitsPerWeight < below; ++single) {
                table.addRow({formatSignificant(single->bitsPerWeight, 4),
                              formatSignificant(single->loss, 4), single->method + " alone"});
            }
        };
        for (const BudgetCurve::Point& point : curve.plans) {
            addSingles(point.bitsPerWeight);
            table.addRow({formatSignificant(point.bitsPerWeight, 4),
                          formatSignificant(point.loss, 4), "a plan"});
        }
        addSingles(std::numeric_limits<double>::infinity());
        table.print(std::cout);
        std::cout << "\nWrote " << m_out << '\n';
    }

    void checkOut() const {
        std::vector<std::string> inputs = ResultStore::filesOf(m_folder);
        inputs.insert(inputs.end(), {m_model, m_tokens});
        checkOutput(m_out, m_force, inputs);
    }

    std::map<std::string, double> sensitivities(const std::vector<TensorChoices>& choices,
                                                const RunInfo& run, const CommandContext& context,
                                                const RunContext& work) const {
        const OpenOptions options{context.prober, false};
        const auto file = TensorFile::open(m_model, options);
        refuseOtherContent(run.data, file->path(), file->fingerprint(context.stop),
                           "the file that the run quantized");
        const LanguageModel model = LanguageModel::load(*file, work.part(0.0, 0.05, 0));
        const TokenRows tokens = TokenRows::read(*TensorFile::open(m_tokens, options),
                                                 model.config().vocabulary, model.config().context);
        return measureSensitivities(model, choices, m_folder, m_request.bitsPerWeight, tokens,
                                    context.plugins.registry, work.part(0.05, 1.0, 1));
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
    std::string m_from = allocatorText(Allocator::Exact);
    std::string m_by;
    std::string m_objective = searchObjectiveText(SearchObjective::Divergence);
    PlanSearchRequest m_search;
    std::string m_loss = lossMeasureText(LossMeasure::Automatic);
    std::vector<std::string> m_locks;
    std::vector<std::string> m_ties;
    std::string m_model;
    std::string m_tokens;
    std::string m_out;
    CLI::Option* m_budget = nullptr;
    std::vector<const CLI::Option*> m_searchOptions;
    bool m_isUnweighed = false;
    bool m_curve = false;
    bool m_usualTies = false;
    bool m_force = false;
    bool m_json = false;

    BudgetCurve m_foundCurve;
    AllocationPlan m_foundPlan;
};

}  // namespace

std::unique_ptr<Command> makeAllocateCommand() {
    return std::make_unique<AllocateCommand>();
}

}  // namespace quantscope
