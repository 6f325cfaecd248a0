// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/run/planner.h"
#include "core/store/result_store.h"

namespace quantscope {

/// Is told what happens during a run; called from the engine's threads, for one trial never twice
/// at the same time by the same function. Must return quickly.
class RunObserver {
public:
    virtual ~RunObserver() = default;

    virtual void trialStarted(const Trial& trial) = 0;
    virtual void trialProgress(const Trial& trial, double fraction, std::string_view phase) = 0;
    /// What training minimized (see RunContext::ObjectiveFunction); all of it. For those who show
    /// it while it happens: the record has the same curves.
    virtual void trialTraining(const Trial& /*trial*/, const std::string& /*series*/,
                               double /*value*/) {}
    /// Also for trials that failed (record.failed()) and those found in the store (`recorded`).
    virtual void trialFinished(const Trial& trial, const TrialRecord& record, bool recorded) = 0;
};

struct EngineOptions {
    int threads = 0;                ///< 0: one per core.
    std::uint64_t memoryBytes = 0;  ///< Budget for working memory; 0: half of the machine's RAM.
    bool keepArtifacts = true;      ///< Write each result to the store's artifact folder.
    bool retryFailed = true;        ///< Run trials again whose record says that they failed.
};

/// The budget that these options come to, in bytes.
std::uint64_t memoryBudget(const EngineOptions& options);

/// What a run came to.
struct RunSummary {
    std::size_t finished = 0;  ///< Ran now, with a result.
    std::size_t failed = 0;
    std::size_t recorded = 0;  ///< Were in the store before.
    bool cancelled = false;    ///< Some trials did not run.
    double seconds = 0.0;
};

/// Ids of the trials that runPlan() would not run, as the store has what they give.
std::set<std::string> trialsDone(const Plan& plan, const ResultStore& store,
                                 const EngineOptions& options);

/// Runs the trials of a plan that the store does not hold yet, and those whose artifact should be
/// there but is not. Trials run side by side and share one arena with the loops inside them; a
/// trial starts when its memory fits the budget, so large ones wait rather than make the machine
/// swap (one that is larger than the whole budget runs alone). A trial that fails gives a failed
/// record and the run goes on. Every finished trial is appended to the store at once. Results are
/// the same bits at any number of threads. Throws Error when the store cannot be written.
RunSummary runPlan(const Plan& plan, const MethodRegistry& registry, ResultStore& store,
                   const EngineOptions& options, RunObserver& observer,
                   const std::stop_token& stop);

}  // namespace quantscope
