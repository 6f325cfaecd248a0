// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/job_queue.h"

#include <QElapsedTimer>
#include <algorithm>
#include <thread>

#include "core/base/parallel.h"

namespace quantscope {

namespace {

constexpr int collectIntervalMs = 33;  // 30 Hz.
constexpr double estimateAfterSeconds = 2.0;
constexpr double estimateAfterFraction = 0.01;
constexpr std::size_t endedKept = 50;

Message failureMessage(const QString& headline, const std::exception& failure) {
    if (const auto* error = dynamic_cast<const Error*>(&failure)) {
        return errorMessage(headline, *error);
    }
    if (dynamic_cast<const std::bad_alloc*>(&failure) != nullptr) {
        return errorMessage(headline, Error("There is not enough memory.",
                                            "Close other programs, or choose smaller tensors."));
    }
    return errorMessage(headline, Error(failure.what()));
}

bool hasEnded(JobState state) {
    return state != JobState::Waiting && state != JobState::Running;
}

}  // namespace

struct JobQueue::Entry {
    JobInfo info;
    JobOptions options;
    QPointer<QObject> receiver;
    bool hasReceiver = false;
    ErasedWork work;
    // Grows with every start of the job: partial results of an earlier attempt carry an old number
    // and are dropped.
    quint64 attempt = 0;
    bool threadRuns = false;  // Also for a while after the job was cancelled.
    std::shared_ptr<JobContext> context;
    std::stop_source stop;
    QElapsedTimer clock;
    std::jthread thread;

    bool receiverGone() const { return hasReceiver && receiver.isNull(); }
};

JobQueue::JobQueue(QObject* parent) : QObject(parent) {
    m_collector.setInterval(collectIntervalMs);
    connect(&m_collector, &QTimer::timeout, this, &JobQueue::collectProgress);
}

// All threads are asked to stop before the first one is waited for.
JobQueue::~JobQueue() {
    for (const auto& [id, entry] : m_entries)
        entry->stop.request_stop();
    m_entries.clear();
}

JobId JobQueue::add(const JobOptions& options, QObject* receiver, ErasedWork work) {
    cancelSlot(options.slot);
    const JobId id = ++m_lastId;
    auto entry = std::make_unique<Entry>();
    entry->info.id = id;
    entry->info.title = options.title;
    entry->options = options;
    entry->receiver = receiver;
    entry->hasReceiver = receiver != nullptr;
    entry->work = std::move(work);
    m_entries.emplace(id, std::move(entry));
    Q_EMIT jobAdded(id);
    Q_EMIT activeCountChanged(activeCount());
    startWaiting();
    return id;
}

JobQueue::Entry* JobQueue::find(JobId id) const {
    const auto found = m_entries.find(id);
    return found == m_entries.end() ? nullptr : found->second.get();
}

void JobQueue::cancelSlot(const QString& slot) {
    if (slot.isEmpty()) return;
    std::vector<JobId> older;
    for (const auto& [id, entry] : m_entries) {
        if (entry->options.slot == slot) older.push_back(id);
    }
    for (const JobId id : older)
        cancel(id);
}

void JobQueue::startWaiting() {
    bool batchFree = std::ranges::none_of(m_entries, [](const auto& item) {
        return item.second->threadRuns && item.second->options.lane == JobLane::Batch;
    });
    std::vector<Entry*> ready;
    for (const auto& [id, entry] : m_entries) {
        if (entry->info.state != JobState::Waiting || entry->threadRuns) continue;
        if (entry->options.lane == JobLane::Batch && !std::exchange(batchFree, false)) continue;
        ready.push_back(entry.get());
    }
    for (Entry* entry : ready)
        launch(*entry);
    for (Entry* entry : ready)
        Q_EMIT jobChanged(entry->info.id);
}

void JobQueue::launch(Entry& entry) {
    const JobId id = entry.info.id;
    const quint64 attempt = ++entry.attempt;
    entry.info.state = JobState::Running;
    entry.info.message = {};
    entry.clock.start();
    entry.stop = std::stop_source();
    entry.threadRuns = true;
    const auto post = [this](std::function<void()> work) {
        QMetaObject::invokeMethod(this, std::move(work), Qt::QueuedConnection);
    };
    entry.context = std::make_shared<JobContext>(
        entry.stop.get_token(), [this, post, id, attempt](std::function<void()> deliver) {
            post([this, id, attempt, deliver = std::move(deliver)] {
                deliverPart(id, attempt, deliver);
            });
        });
    entry.thread = std::jthread([this, post, id, work = entry.work, context = entry.context,
                                 headline = entry.options.failureHeadline]() mutable {
        std::function<void()> deliver;
        std::optional<Message> failure;
        bool cancelled = false;
        try {
            Arena arena(jobThreads());
            arena.execute([&] { deliver = work(*context); });
        } catch (const Cancelled&) {
            cancelled = true;
        } catch (const std::exception& problem) {
            failure = failureMessage(headline, problem);
        }
        post([this, id, deliver = std::move(deliver), failure = std::move(failure), cancelled] {
            threadEnded(id, deliver, failure, cancelled);
        });
    });
    if (!m_collector.isActive()) m_collector.start();
}

void JobQueue::deliverPart(JobId id, quint64 attempt, const std::function<void()>& deliver) {
    const Entry* entry = find(id);
    if (entry == nullptr || entry->attempt != attempt || entry->info.state != JobState::Running ||
        entry->receiverGone()) {
        return;
    }
    deliver();
}

void JobQueue::threadEnded(JobId id, const std::function<void()>& deliver,
                           const std::optional<Message>& failure, bool cancelled) {
    Entry& entry = *find(id);
    entry.thread.join();
    entry.threadRuns = false;
    if (entry.info.state != JobState::Running) {
        Q_EMIT jobStopped(id);
        trimEnded();
    } else if (cancelled) {
        end(id, JobState::Cancelled);
    } else if (failure) {
        entry.info.message = *failure;
        if (entry.options.onFailure && !entry.receiverGone()) entry.options.onFailure(*failure);
        Q_EMIT jobFailed(id, *failure);
        end(id, JobState::Failed);
    } else {
        if (!entry.receiverGone()) deliver();
        end(id, JobState::Finished);
    }
    startWaiting();
}

void JobQueue::end(JobId id, JobState state) {
    Entry* entry = find(id);
    if (entry == nullptr || hasEnded(entry->info.state)) return;
    entry->info = info(*entry);
    entry->info.secondsLeft.reset();
    entry->info.progress.running.clear();
    if (state == JobState::Finished) {
        entry->info.progress.fraction = 1.0;
        // Only failed and cancelled jobs can be retried; what the work holds on to may be large.
        entry->work = nullptr;
    }
    entry->info.state = state;
    Q_EMIT jobChanged(id);
    Q_EMIT jobEnded(id, state);
    const int active = activeCount();
    if (active == 0) m_collector.stop();
    Q_EMIT activeCountChanged(active);
    trimEnded();
}

void JobQueue::cancel(JobId id) {
    Entry* entry = find(id);
    if (entry == nullptr || hasEnded(entry->info.state)) return;
    entry->stop.request_stop();
    end(id, JobState::Cancelled);
}

void JobQueue::cancelAll() {
    for (const JobInfo& job : jobs())
        cancel(job.id);
}

void JobQueue::retry(JobId id) {
    Entry* entry = find(id);
    if (entry == nullptr || !entry->work || !hasEnded(entry->info.state)) return;
    cancelSlot(entry->options.slot);
    entry->info.state = JobState::Waiting;
    entry->info.progress = {};
    entry->info.message = {};
    entry->info.elapsedSeconds = 0.0;
    entry->context.reset();
    Q_EMIT jobChanged(id);
    Q_EMIT activeCountChanged(activeCount());
    startWaiting();
}

void JobQueue::remove(JobId id) {
    const Entry* entry = find(id);
    if (entry == nullptr || !hasEnded(entry->info.state) || entry->threadRuns) return;
    m_entries.erase(id);
    Q_EMIT jobRemoved(id);
}

void JobQueue::removeEnded() {
    for (const JobInfo& job : jobs())
        remove(job.id);
}

void JobQueue::trimEnded() {
    std::vector<JobId> ended;
    for (const auto& [id, entry] : m_entries) {
        if (hasEnded(entry->info.state)) ended.push_back(id);
    }
    for (std::size_t i = 0; i + endedKept < ended.size(); ++i)
        remove(ended[i]);
}

// Jobs report whenever they like; here is where the window learns of it, 30 times a second, and now
// and then for the clock alone.
void JobQueue::collectProgress() {
    constexpr int ticksPerClock = 15;
    const bool clockTick = ++m_ticks % ticksPerClock == 0;
    std::vector<JobId> changed;
    for (const auto& [id, entry] : m_entries) {
        if (entry->info.state != JobState::Running) continue;
        JobInfo now = info(*entry);
        if (clockTick || now.progress != entry->info.progress) changed.push_back(id);
        entry->info = std::move(now);
    }
    for (const JobId id : changed)
        Q_EMIT jobChanged(id);
}

JobInfo JobQueue::info(const Entry& entry) const {
    JobInfo info = entry.info;
    if (info.state != JobState::Running) return info;
    info.progress = entry.context->snapshot();
    info.elapsedSeconds = static_cast<double>(entry.clock.elapsed()) / 1000.0;
    info.secondsLeft.reset();
    const double fraction = info.progress.fraction;
    if (info.elapsedSeconds >= estimateAfterSeconds && fraction >= estimateAfterFraction) {
        info.secondsLeft = info.elapsedSeconds * (1.0 - fraction) / fraction;
    }
    return info;
}

std::vector<JobInfo> JobQueue::jobs() const {
    std::vector<JobInfo> list;
    for (const auto& [id, entry] : m_entries)
        list.push_back(info(*entry));
    return list;
}

std::optional<JobInfo> JobQueue::job(JobId id) const {
    const Entry* entry = find(id);
    return entry == nullptr ? std::nullopt : std::optional(info(*entry));
}

bool JobQueue::isActive(JobId id) const {
    const Entry* entry = find(id);
    return entry != nullptr && !hasEnded(entry->info.state);
}

int JobQueue::activeCount() const {
    return static_cast<int>(std::ranges::count_if(
        m_entries, [](const auto& item) { return !hasEnded(item.second->info.state); }));
}

}  // namespace quantscope
