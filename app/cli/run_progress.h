// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <ostream>
#include <string>

#include "core/run/engine.h"

namespace quantscope {

/// How a run tells what it is doing.
enum class ProgressStyle {
    None,
    Line,       ///< One line that is written over and over, for terminals.
    JsonLines,  ///< One JSON object a line: {"event": "started" | "progress" | "finished", ...}.
};

/// "auto" (a line on terminals, otherwise nothing), "line", "json", "none". Throws Error.
ProgressStyle parseProgressStyle(const std::string& text);

/// Writes the progress of a run with an estimate of the time left, at most ten times a second.
class RunProgress final : public RunObserver {
public:
    /// `out` outlives this object and is not used by others meanwhile.
    RunProgress(ProgressStyle style, const Plan& plan, std::ostream& out);
    /// Clears the line.
    ~RunProgress() override;

    void trialStarted(const Trial& trial) override;
    void trialProgress(const Trial& trial, double fraction, std::string_view phase) override;
    void trialFinished(const Trial& trial, const TrialRecord& record, bool recorded) override;

private:
    using Clock = std::chrono::steady_clock;

    bool isDue();
    double doneFraction() const;
    Json timing() const;
    void writeLine(const std::string& what);
    void writeJson(const char* event, const Trial& trial, const Json& more);

    const ProgressStyle m_style;
    std::ostream& m_out;
    const Clock::time_point m_start = Clock::now();
    std::mutex m_mutex;  ///< Guards all that follows.
    Clock::time_point m_last;
    std::map<std::string, double> m_fractions;  ///< Of the trials under way, by id.
    std::map<std::string, double> m_work;       ///< Share of each trial in the whole work.
    double m_finishedWork = 0.0;                ///< By trials that ran now.
    double m_recordedWork = 0.0;                ///< That needs not be done.
    std::size_t m_finished = 0;
    std::size_t m_total = 0;
};

}  // namespace quantscope
