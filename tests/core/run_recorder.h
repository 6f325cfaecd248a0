// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/run/engine.h"

namespace quantscope {

/// Writes down what an observer is told, and notices calls that break the rules of RunObserver.
class RunRecorder : public RunObserver {
public:
    void trialStarted(const Trial& trial) override;
    void trialProgress(const Trial& trial, double fraction, std::string_view phase) override;
    void trialFinished(const Trial& trial, const TrialRecord& record, bool recorded) override;

    std::vector<std::string> started() const;   ///< Trial ids, in order.
    std::vector<std::string> finished() const;  ///< Those that ran now.
    std::vector<std::string> recorded() const;  ///< Those that were in the store.
    int progressCalls() const;
    /// What the engine did against the rules; empty if nothing.
    std::vector<std::string> faults() const;

private:
    mutable std::mutex m_mutex;
    std::vector<std::string> m_started;
    std::vector<std::string> m_finished;
    std::vector<std::string> m_recorded;
    std::set<std::string> m_running;
    std::set<std::string> m_reporting;
    std::vector<std::string> m_faults;
    int m_progressCalls = 0;
};

/// The records of a store in the order of the plan, as JSON without what differs from run to run
/// (the seconds).
std::vector<std::string> comparableTable(const ResultStore& store);

}  // namespace quantscope
