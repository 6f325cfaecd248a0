// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/experiment_runner.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/cli/plan_output.h"
#include "app/cli/run_progress.h"
#include "app/cli/trial_output.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/run/engine.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

constexpr std::uint64_t leastBudget = 1'000'000;

// What --memory says; 0 if it is not given.
std::uint64_t budgetOption(const std::string& text) {
    const std::string remedy = "Write for example 4GB or 500MB.";
    std::uint64_t bytes = 0;
    if (text.empty()) return bytes;
    if (!parseBytes(text, bytes)) throw Error("'" + text + "' is no amount of memory.", remedy);
    if (bytes < leastBudget) {
        throw Error("A memory budget of " + formatBytes(bytes) + " is less than any work needs (" +
                        formatBytes(leastBudget) + ").",
                    remedy);
    }
    return bytes;
}

// Trials that do not fit the budget run all the same, and people should know.
std::string budgetRemark(const Plan& plan, std::uint64_t budget) {
    const auto over = std::ranges::count_if(plan.trials, [&](const Trial& trial) {
        return trial.preflight.refusal.empty() && trial.bytes > budget;
    });
    if (over == 0) return {};
    return std::to_string(over) + (over == 1 ? " trial needs" : " trials need") +
           " more memory than the budget of " + formatBytes(budget) + ", up to " +
           formatBytes(plan.peakBytes) +
           "; such a trial runs alone and takes what it needs. Quantize smaller tensors, or set a "
           "larger --memory.";
}

Json runJson(const RunSummary& summary, const ResultStore& store, const Json& trials) {
    return {{"run", store.run().runId},     {"folder", store.folder().string()},
            {"finished", summary.finished}, {"failed", summary.failed},
            {"recorded", summary.recorded}, {"cancelled", summary.cancelled},
            {"seconds", summary.seconds},   {"trials", trials}};
}

// The one line that explains the exit code; nothing when all is well.
int explain(const RunSummary& summary, const std::vector<TrialRecord>& records,
            const ResultStore& store) {
    if (summary.cancelled) {
        std::cerr << "interrupted: " << records.size() << " of " << store.run().trials.size()
                  << " trials are done";
        if (!store.folder().empty()) {
            std::cerr << " and recorded in '" << store.folder().string()
                      << "'. Run the same with --resume for the others.";
        }
        std::cerr << '\n';
        return Interrupted;
    }
    const auto failed = std::ranges::count_if(records, &TrialRecord::failed);
    if (failed == 0) return Success;
    const TrialRecord& first = *std::ranges::find_if(records, &TrialRecord::failed);
    std::cerr << "error: " << failed << " of " << records.size() << " trials failed";
    std::cerr << (failed > 1 ? ", the first on " : ": ")
              << printableText(first.tensor + " with " + first.methodText + ": " + first.error)
              << '\n';
    return Failure;
}

}  // namespace

void ExperimentRunner::declareOptions(CLI::App& app, JsonForm form) {
    m_form = form;
    app.add_option("--out", m_folder, "Result folder: experiment, records and artifacts");
    app.add_flag("--resume", m_resume, "Go on with the run that the folder holds");
    app.add_flag("--dry-run", m_dryRun, "Only say what would be done and what it would cost");
    app.add_option("--threads", m_threads, "How many threads work (default: one per core)")
        ->check(CLI::Range(1, 1024));
    app.add_option("--memory", m_memory,
                   "Budget for working memory, for example 4GB (default: half of the RAM)");
    app.add_option("--progress", m_progress,
                   "Progress on standard error: auto (a line on terminals), line, json, none");
    app.add_flag("--json", m_json,
                 form == JsonForm::Trials
                     ? "Print an array of {tensor, method, bits_per_weight, rate, nmse, ...}"
                     : "Print {run, folder, finished, failed, recorded, ..., trials}");
}

int ExperimentRunner::run(const ExperimentSpec& spec, const CommandContext& context) const {
    if (m_folder.empty() && (m_resume || (m_form == JsonForm::Run && !m_dryRun))) {
        std::cerr << "error: The result folder is missing. Name it with --out.\n";
        return UsageError;
    }
    EngineOptions options;
    options.threads = m_threads;
    options.memoryBytes = budgetOption(m_memory);
    for (const SweptMethod& method : spec.methods)
        context.plugins.requireMethod(method.method.id);
    const Plan plan =
        makePlan(spec, context.plugins.registry, PlanOptions{context.prober, context.stop});
    for (const std::string& remark : plan.remarks)
        std::cerr << "note: " << printableText(remark) << '\n';
    const std::uint64_t budget = memoryBudget(options);
    if (const std::string remark = budgetRemark(plan, budget); !remark.empty()) {
        std::cerr << "warning: " << remark << '\n';
    }
    if (!m_dryRun) return execute(plan, options, context);
    const std::set<std::string> done = doneBefore(plan, options);
    if (m_json) {
        std::cout
            << planJson(plan, done, budget).dump(2, ' ', false, Json::error_handler_t::replace)
            << '\n';
    } else {
        printPlan(plan, done, std::cout);
    }
    return Success;
}

std::set<std::string> ExperimentRunner::doneBefore(const Plan& plan,
                                                   const EngineOptions& options) const {
    if (!m_resume) return {};
    const auto store = ResultStore::open(m_folder, plan.spec.toJson(), plan.run);
    return store ? trialsDone(plan, *store, options) : std::set<std::string>();
}

std::unique_ptr<ResultStore> ExperimentRunner::openStore(const Plan& plan) const {
    if (m_folder.empty()) return ResultStore::inMemory(plan.spec.toJson(), plan.run);
    return ResultStore::create(m_folder, plan.spec.toJson(), plan.run, m_resume);
}

int ExperimentRunner::execute(const Plan& plan, const EngineOptions& options,
                              const CommandContext& context) const {
    const ProgressStyle style = parseProgressStyle(m_progress);
    const std::unique_ptr<ResultStore> store = openStore(plan);
    RunSummary summary;
    {
        RunProgress progress(style, plan, std::cerr);
        summary = runPlan(plan, context.plugins.registry, *store, options, progress, context.stop);
    }
    const std::vector<TrialRecord> records = inPlanOrder(store->records(), plan.run);
    if (m_json) {
        Json trials = Json::array();
        for (const TrialRecord& record : records)
            trials.push_back(trialJson(record));
        const Json document =
            m_form == JsonForm::Trials ? trials : runJson(summary, *store, trials);
        std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    } else if (!records.empty()) {
        printTrials(records, std::cout);
        std::cout << '\n';
        printSummary(records, plan.run, std::cout);
    }
    std::cout.flush();
    printWarnings(records, std::cerr);
    return explain(summary, records, *store);
}

}  // namespace quantscope
