// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/latest_worker.h"

#include "app/jobs/job.h"
#include "core/base/parallel.h"

namespace quantscope {

LatestWorker::LatestWorker(QObject* parent)
    : QObject(parent), m_thread([this](const std::stop_token& stop) { serve(stop); }) {}

LatestWorker::~LatestWorker() {
    const std::lock_guard lock(m_mutex);
    m_thread.request_stop();
    m_queued.reset();
    m_inFlight.request_stop();
}

void LatestWorker::enqueue(ErasedWork work) {
    const quint64 generation = ++m_generation;
    {
        const std::lock_guard lock(m_mutex);
        m_queued = Request{generation, std::move(work)};
        m_inFlight.request_stop();
    }
    m_wake.notify_one();
    setBusy(true);
}

void LatestWorker::cancel() {
    ++m_generation;
    {
        const std::lock_guard lock(m_mutex);
        m_queued.reset();
        m_inFlight.request_stop();
    }
    setBusy(false);
}

void LatestWorker::serve(const std::stop_token& stop) {
    Arena arena(jobThreads());
    while (true) {
        Request request;
        std::stop_token inFlight;
        {
            std::unique_lock lock(m_mutex);
            if (!m_wake.wait(lock, stop, [this] { return m_queued.has_value(); })) return;
            request = std::move(*m_queued);
            m_queued.reset();
            m_inFlight = std::stop_source();
            inFlight = m_inFlight.get_token();
        }
        std::function<void()> deliver;
        std::optional<Message> failure;
        try {
            arena.execute([&] { deliver = request.work(inFlight); });
        } catch (const Cancelled&) {
            // A newer request or nobody waits for the answer.
            continue;
        } catch (const Error& error) {
            failure = errorMessage({}, error);
        } catch (const std::exception& error) {
            failure = errorMessage({}, Error(error.what()));
        }
        QMetaObject::invokeMethod(
            this,
            [this, generation = request.generation, deliver, failure] {
                answer(generation, deliver, failure);
            },
            Qt::QueuedConnection);
    }
}

void LatestWorker::answer(quint64 generation, const std::function<void()>& deliver,
                          const std::optional<Message>& failure) {
    if (generation != m_generation) return;
    setBusy(false);
    if (failure) {
        Q_EMIT failed(*failure);
    } else {
        deliver();
    }
}

void LatestWorker::setBusy(bool busy) {
    if (std::exchange(m_busy, busy) != busy) Q_EMIT busyChanged(busy);
}

}  // namespace quantscope
