// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <mutex>

#include "core/base/error.h"
#include "core/base/machine.h"
#include "core/base/parallel.h"
#include "core/base/version.h"
#include "core/io/artifact_file.h"
#include "core/run/trial_runner.h"

namespace quantscope {

namespace {

/// One call of runPlan.
///
/// Nobody waits for memory or for a free thread: whenever a trial ends, the thread that ran it
/// starts as many waiting ones as now fit. So no thread of the arena is ever blocked, and at most
/// as many trials are under way as there are threads; threads without a trial help with the loops
/// of others.
class PlanRun {
public:
    PlanRun(const Plan& plan, const MethodRegistry& registry, ResultStore& store,
            const EngineOptions& options, RunObserver& observer, const std::stop_token& stop);

    RunSummary run();

private:
    void skipRecorded();
    void readSearchTasks();
    void admitTrials();
    void runAdmitted(const Trial& trial);
    TrialRecord compute(const Trial& trial, std::shared_ptr<const QuantizedTensor>& tensor);
    void keep(const Trial& trial, TrialRecord& record, const QuantizedTensor* tensor);
    void abort(std::exception_ptr fault);

    const Plan& m_plan;
    const MethodRegistry& m_registry;
    ResultStore& m_store;
    const EngineOptions m_options;
    RunObserver& m_observer;
    std::stop_source m_stop;
    std::stop_callback<std::function<void()>> m_outerStop;
    const std::uint64_t m_budget;
    Arena m_arena;
    TrialInputCache m_inputs;
    std::map<std::string, std::shared_ptr<const SearchTask>> m_searchTasks;
    std::string m_searchFault;

    std::mutex m_mutex;
    std::deque<const Trial*> m_waiting;  ///< Guarded by m_mutex, as all that follows.
    int m_running = 0;
    std::uint64_t m_usedBytes = 0;
    RunSummary m_summary;
    std::exception_ptr m_fault;
};

// Whether the record and the artifact that the store has are all that running the trial would give.
bool isDone(const Trial& trial, const std::optional<TrialRecord>& record, const ResultStore& store,
            const EngineOptions& options) {
    if (!record) return false;
    if (record->failed()) {
        return !options.retryFailed || record->error == trial.preflight.refusal;
    }
    const std::filesystem::path artifact = store.artifactPath(trial.id);
    return !options.keepArtifacts || artifact.empty() || std::filesystem::exists(artifact);
}

PlanRun::PlanRun(const Plan& plan, const MethodRegistry& registry, ResultStore& store,
                 const EngineOptions& options, RunObserver& observer, const std::stop_token& stop)
    : m_plan(plan),
      m_registry(registry),
      m_store(store),
      m_options(options),
      m_observer(observer),
      m_outerStop(stop, [this] { m_stop.request_stop(); }),
      m_budget(memoryBudget(options)),
      m_arena(options.threads),
      m_inputs(plan) {}

RunSummary PlanRun::run() {
    const auto start = std::chrono::steady_clock::now();
    skipRecorded();
    m_arena.execute([this] { readSearchTasks(); });
    {
        const std::lock_guard lock(m_mutex);
        admitTrials();
    }
    m_arena.wait();
    if (m_fault) std::rethrow_exception(m_fault);
    m_summary.cancelled =
        m_summary.finished + m_summary.failed + m_summary.recorded < m_plan.trials.size();
    m_summary.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return m_summary;
}

void PlanRun::skipRecorded() {
    for (const Trial& trial : m_plan.trials) {
        const std::optional<TrialRecord> record = m_store.find(trial.id);
        if (isDone(trial, record, m_store, m_options)) {
            ++m_summary.recorded;
            m_observer.trialFinished(trial, *record, true);
        } else {
            m_waiting.push_back(&trial);
        }
    }
}

void PlanRun::readSearchTasks() {
    const std::vector<std::string>& metrics = m_plan.spec.metrics;
    const bool wanted = metrics.empty() || std::ranges::any_of(metrics, [](const std::string& id) {
                            return id == "recall_at_10" || id == "nearest_in_10";
                        });
    if (!wanted) return;
    for (const Trial* trial : m_waiting) {
        if (!trial->isSearched || m_searchTasks.contains(trial->tensor)) continue;
        std::shared_ptr<const SearchTask>& task = m_searchTasks[trial->tensor];
        try {
            task = readSearchTask(*m_plan.file, *trial, m_budget / 2, m_stop.get_token());
            const auto values = task->queries.rows() * task->queries.cols();
            m_usedBytes += static_cast<std::uint64_t>(values) * sizeof(float) +
                           task->neighbors.size() * sizeof(std::int64_t);
        } catch (const Error& error) {
            m_searchFault = "Recall was not measured: " + error.fullText();
        } catch (const std::bad_alloc&) {
            m_searchFault = "Recall was not measured: there was not enough memory for the queries.";
        } catch (const Cancelled&) {
            return;
        }
    }
}

// Starts waiting trials while threads and memory are free; earlier ones go first unless they do not
// fit. Called with the mutex held.
void PlanRun::admitTrials() {
    while (!m_stop.stop_requested() && m_running < m_arena.threadCount()) {
        const auto next = std::ranges::find_if(m_waiting, [this](const Trial* trial) {
            return m_running == 0 || m_usedBytes + trial->bytes <= m_budget;
        });
        if (next == m_waiting.end()) return;
        const Trial& trial = **next;
        m_waiting.erase(next);
        ++m_running;
        m_usedBytes += trial.bytes;
        m_arena.start([this, &trial] { runAdmitted(trial); });
    }
}

void PlanRun::runAdmitted(const Trial& trial) {
    bool failed = false;
    bool cancelled = false;
    try {
        throwIfStopped(m_stop.get_token());
        m_observer.trialStarted(trial);
        std::shared_ptr<const QuantizedTensor> tensor;
        TrialRecord record = compute(trial, tensor);
        keep(trial, record, tensor.get());
        failed = record.failed();
        m_observer.trialFinished(trial, record, false);
    } catch (const Cancelled&) {
        cancelled = true;
    } catch (...) {
        cancelled = true;
        abort(std::current_exception());
    }
    const std::lock_guard lock(m_mutex);
    if (!cancelled) ++(failed ? m_summary.failed : m_summary.finished);
    --m_running;
    m_usedBytes -= trial.bytes;
    admitTrials();
}

TrialRecord PlanRun::compute(const Trial& trial, std::shared_ptr<const QuantizedTensor>& tensor) {
    // Loops inside a trial report from many threads; the observer hears one at a time, and what
    // comes meanwhile is dropped rather than waited for.
    std::atomic_flag reporting;
    const RunContext reported(trial.seed, m_stop.get_token(),
                              [&](double fraction, std::string_view phase) {
                                  if (reporting.test_and_set()) return;
                                  m_observer.trialProgress(trial, fraction, phase);
                                  reporting.clear();
                              });
    std::mutex training;
    const RunContext context = reported.withObjective([&](const std::string& series, double value) {
        const std::lock_guard lock(training);
        m_observer.trialTraining(trial, series, value);
    });
    if (!trial.preflight.refusal.empty()) return failedTrial(trial, trial.preflight.refusal);
    TrialInputs inputs;
    try {
        inputs = m_inputs.inputs(trial, m_stop.get_token());
    } catch (const Error& error) {
        return failedTrial(trial, error.fullText());
    } catch (const std::bad_alloc&) {
        return failedTrial(trial, "There was not enough memory to read the tensor.");
    }
    if (const auto task = m_searchTasks.find(trial.tensor); task != m_searchTasks.end()) {
        inputs.search = task->second;
    }
    TrialRecord record = runTrial(trial, inputs, m_registry, m_plan.spec.metrics, context, &tensor);
    if (trial.isSearched && !m_searchFault.empty()) record.warnings.push_back(m_searchFault);
    return record;
}

// First the artifact, then the line that says it is there.
void PlanRun::keep(const Trial& trial, TrialRecord& record, const QuantizedTensor* tensor) {
    const std::filesystem::path path = m_store.artifactPath(trial.id);
    if (tensor != nullptr && m_options.keepArtifacts && !path.empty()) {
        Artifact artifact;
        artifact.tensor = tensor->encoded();
        artifact.tensorName = trial.tensor;
        artifact.shape = trial.shape;
        artifact.fold = trial.fold;
        artifact.provenance = Json{{"file", m_plan.run.data.path},
                                   {"fingerprint", m_plan.run.data.fingerprint},
                                   {"trial", trial.id},
                                   {"normalized", trial.normalized},
                                   {"seed", trial.seed},
                                   {"program_version", programVersion()}};
        writeArtifact(path, artifact);
        record.artifactBytes = std::filesystem::file_size(path);
    }
    const std::optional<TrialRecord> old = m_store.find(trial.id);
    // A retried trial that failed again for the same reason tells nothing new.
    if (old && record.failed() && old->error == record.error) return;
    m_store.append(record);
}

void PlanRun::abort(std::exception_ptr fault) {
    {
        const std::lock_guard lock(m_mutex);
        if (!m_fault) m_fault = std::move(fault);
    }
    m_stop.request_stop();
}

}  // namespace

std::uint64_t memoryBudget(const EngineOptions& options) {
    return options.memoryBytes > 0 ? options.memoryBytes : availableMemory() / 2;
}

std::set<std::string> trialsDone(const Plan& plan, const ResultStore& store,
                                 const EngineOptions& options) {
    std::set<std::string> done;
    for (const Trial& trial : plan.trials) {
        if (isDone(trial, store.find(trial.id), store, options)) done.insert(trial.id);
    }
    return done;
}

RunSummary runPlan(const Plan& plan, const MethodRegistry& registry, ResultStore& store,
                   const EngineOptions& options, RunObserver& observer,
                   const std::stop_token& stop) {
    return PlanRun(plan, registry, store, options, observer, stop).run();
}

}  // namespace quantscope
