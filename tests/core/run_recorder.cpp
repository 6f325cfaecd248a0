// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/run_recorder.h"

namespace quantscope {

void RunRecorder::trialStarted(const Trial& trial) {
    const std::lock_guard lock(m_mutex);
    m_started.push_back(trial.id);
    if (!m_running.insert(trial.id).second) m_faults.emplace_back("started twice");
}

void RunRecorder::trialProgress(const Trial& trial, double fraction, std::string_view phase) {
    {
        const std::lock_guard lock(m_mutex);
        ++m_progressCalls;
        if (!m_running.contains(trial.id)) m_faults.emplace_back("progress before the start");
        if (fraction < 0.0 || fraction > 1.0) m_faults.emplace_back("fraction out of range");
        if (phase.empty()) m_faults.emplace_back("no phase");
        if (!m_reporting.insert(trial.id).second) m_faults.emplace_back("two calls at once");
    }
    const std::lock_guard lock(m_mutex);
    m_reporting.erase(trial.id);
}

void RunRecorder::trialFinished(const Trial& trial, const TrialRecord& record, bool recorded) {
    const std::lock_guard lock(m_mutex);
    if (record.trialId != trial.id) m_faults.emplace_back("record of another trial");
    if (m_reporting.contains(trial.id)) m_faults.emplace_back("finished while reporting");
    if (recorded) {
        m_recorded.push_back(trial.id);
        return;
    }
    if (m_running.erase(trial.id) == 0) m_faults.emplace_back("finished before the start");
    m_finished.push_back(trial.id);
}

std::vector<std::string> RunRecorder::started() const {
    const std::lock_guard lock(m_mutex);
    return m_started;
}

std::vector<std::string> RunRecorder::finished() const {
    const std::lock_guard lock(m_mutex);
    return m_finished;
}

std::vector<std::string> RunRecorder::recorded() const {
    const std::lock_guard lock(m_mutex);
    return m_recorded;
}

int RunRecorder::progressCalls() const {
    const std::lock_guard lock(m_mutex);
    return m_progressCalls;
}

std::vector<std::string> RunRecorder::faults() const {
    const std::lock_guard lock(m_mutex);
    return m_faults;
}

std::vector<std::string> comparableTable(const ResultStore& store) {
    std::vector<std::string> table;
    for (const std::string& id : store.run().trials) {
        const std::optional<TrialRecord> record = store.find(id);
        if (!record) continue;
        Json json = record->toJson();
        json.erase("seconds");
        // Stores in memory keep no artifacts.
        json.erase("artifact_bytes");
        table.push_back(json.dump());
    }
    return table;
}

}  // namespace quantscope
