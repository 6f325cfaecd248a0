// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>
#include <QTimer>
#include <map>
#include <type_traits>
#include <utility>

#include "app/jobs/job.h"

namespace quantscope {

/// Which jobs a job waits for.
enum class JobLane {
    Interactive,  ///< Starts at once.
    Batch,        ///< One at a time, in order: runs and large exports.
};

struct JobOptions {
    QString title;
    JobLane lane = JobLane::Interactive;
    /// Starting a job cancels older ones in the same slot and drops their results, even those that
    /// are ready but not yet delivered. Empty: independent of all others.
    QString slot;
    /// Headline of the message when it fails: "The file model.h5 was not opened."
    QString failureHeadline;
    /// Called on the UI thread when the job failed. JobQueue::jobFailed is emitted either way.
    std::function<void(const Message&)> onFailure;
};

/// Runs everything that takes long. Each job works on a thread of its own inside an arena of
/// jobThreads() threads; the UI thread never waits for it. Results come back on the UI thread,
/// unless the job was cancelled, superseded by a newer one of its slot, or its receiver was
/// destroyed. Progress is collected at most 30 times a second. The queue may be destroyed at any
/// time: running jobs are asked to stop and waited for.
class JobQueue : public QObject {
    Q_OBJECT
public:
    explicit JobQueue(QObject* parent = nullptr);
    ~JobQueue() override;

    /// Runs `work(JobContext&)` on a job thread and hands what it returns to `deliver` on the UI
    /// thread. `work` reports trouble by throwing Error, and cancellation by throwing Cancelled. It
    /// is kept for retry(), so it may be called again and owns or shares what it uses.
    template <typename Work, typename Deliver>
    JobId start(const JobOptions& options, QObject* receiver, Work work, Deliver deliver);
    /// For work without a result.
    template <typename Work>
    JobId start(const JobOptions& options, QObject* receiver, Work work);

    std::vector<JobInfo> jobs() const;  ///< Oldest first.
    std::optional<JobInfo> job(JobId id) const;
    bool isActive(JobId id) const;  ///< Waiting or running.
    int activeCount() const;

public Q_SLOTS:
    /// Asks the job to stop; its state becomes Cancelled at once, and the thread ends within 200
    /// ms.
    void cancel(quantscope::JobId id);
    void cancelAll();
    /// Starts a failed or cancelled job again, as the newest of its slot.
    void retry(quantscope::JobId id);
    /// Takes a job that has ended off the list.
    void remove(quantscope::JobId id);
    void removeEnded();

Q_SIGNALS:
    void jobAdded(quantscope::JobId id);
    void jobChanged(quantscope::JobId id);  ///< Progress or state, at most 30 times a second.
    void jobRemoved(quantscope::JobId id);
    /// After its result was delivered, if there was one.
    void jobEnded(quantscope::JobId id, quantscope::JobState state);
    /// The thread of a job that had been cancelled is gone: nothing of it runs any more.
    void jobStopped(quantscope::JobId id);
    void jobFailed(quantscope::JobId id, const quantscope::Message& message);
    void activeCountChanged(int count);

private:
    struct Entry;
    /// Returns what to do on the UI thread with the result.
    using ErasedWork = std::function<std::function<void()>(JobContext&)>;

    JobId add(const JobOptions& options, QObject* receiver, ErasedWork work);
    Entry* find(JobId id) const;
    void cancelSlot(const QString& slot);
    void startWaiting();
    void launch(Entry& entry);
    void deliverPart(JobId id, quint64 attempt, const std::function<void()>& deliver);
    void threadEnded(JobId id, const std::function<void()>& deliver,
                     const std::optional<Message>& failure, bool cancelled);
    void end(JobId id, JobState state);
    void collectProgress();
    void trimEnded();
    JobInfo info(const Entry& entry) const;

    std::map<JobId, std::unique_ptr<Entry>> m_entries;
    JobId m_lastId = 0;
    QTimer m_collector;
    int m_ticks = 0;
};

template <typename Work, typename Deliver>
JobId JobQueue::start(const JobOptions& options, QObject* receiver, Work work, Deliver deliver) {
    using Result = std::invoke_result_t<Work&, JobContext&>;
    return add(options, receiver,
               [work = std::move(work), deliver = std::move(deliver)](
                   JobContext& context) mutable -> std::function<void()> {
                   if constexpr (std::is_void_v<Result>) {
                       work(context);
                       return deliver;
                   } else {
                       auto result = std::make_shared<Result>(work(context));
                       return [deliver, result]() mutable { deliver(std::move(*result)); };
                   }
               });
}

template <typename Work>
JobId JobQueue::start(const JobOptions& options, QObject* receiver, Work work) {
    return start(options, receiver, std::move(work), [] {});
}

}  // namespace quantscope
