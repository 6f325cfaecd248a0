// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMetaType>
#include <QString>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "app/models/message.h"

namespace quantscope {

using JobId = quint64;

enum class JobState { Waiting, Running, Finished, Failed, Cancelled };

/// A part of a job that runs now, such as a trial of a run.
struct JobPart {
    std::string id;
    QString label;
    double fraction = 0.0;
    QString phase;

    bool operator==(const JobPart&) const = default;
};

/// How far a job has come.
struct JobProgress {
    double fraction = 0.0;  ///< 0..1.
    QString phase;          ///< "training stage 2 of 4".
    int partsTotal = 0;     ///< 0: the job has no parts.
    int partsDone = 0;      ///< Failed ones included.
    int partsFailed = 0;
    std::vector<JobPart> running;

    bool operator==(const JobProgress&) const = default;
};

/// A job as the panel shows it.
struct JobInfo {
    JobId id = 0;
    QString title;  ///< "Open stories260k.h5".
    JobState state = JobState::Waiting;
    JobProgress progress;
    double elapsedSeconds = 0.0;
    /// From the pace so far; only while running, after 2 seconds and some progress.
    std::optional<double> secondsLeft;
    Message message;  ///< Why it failed.
};

/// Threads that a job's loops may use: one core stays with the window when there is more than one.
int jobThreads();

/// What the work of a job gets; all calls from any thread, and cheap: nothing here waits for the
/// UI.
class JobContext {
public:
    JobContext(std::stop_token stop, std::function<void(std::function<void()>)> post);

    const std::stop_token& stop() const { return m_stop; }
    void progress(double fraction, std::string_view phase = {});
    /// Announces parts; from then on the job's fraction is that of its parts.
    void setPartCount(int total);
    void partProgress(const std::string& id, const QString& label, double fraction,
                      std::string_view phase);
    /// A part ended, whether it had been reported as running or not.
    void partFinished(const std::string& id, bool failed);
    /// Runs `work` on the UI thread before the job's own result is delivered: for partial results.
    /// It is dropped when the job was cancelled or superseded, or its receiver is gone.
    void deliver(std::function<void()> work);

    JobProgress snapshot() const;

private:
    std::stop_token m_stop;
    std::function<void(std::function<void()>)> m_post;
    mutable std::mutex m_mutex;
    JobProgress m_progress;
};

}  // namespace quantscope

Q_DECLARE_METATYPE(quantscope::JobState)
