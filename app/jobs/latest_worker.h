// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "app/models/message.h"

namespace quantscope {

/// Answers requests of which only the newest matters: one in flight, one queued. A newer request
/// cancels the one in flight, replaces the queued one, and drops every older answer. For what must
/// keep up with a moving slider; everything longer is a job (JobQueue).
class LatestWorker : public QObject {
    Q_OBJECT
public:
    explicit LatestWorker(QObject* parent = nullptr);
    ~LatestWorker() override;

    /// Runs `work(const std::stop_token&)` on the worker's thread inside its arena, then hands what
    /// it returns to `deliver` on the UI thread, unless a newer request came or cancel() was
    /// called.
    template <typename Work, typename Deliver>
    void submit(Work work, Deliver deliver) {
        enqueue([work = std::move(work),
                 deliver = std::move(deliver)](const std::stop_token& stop) mutable {
            auto result = std::make_shared<decltype(work(stop))>(work(stop));
            return std::function<void()>(
                [deliver = std::move(deliver), result]() mutable { deliver(std::move(*result)); });
        });
    }

    /// Drops the request in flight, the queued one and answers on their way.
    void cancel();
    /// Whether an answer is still to come.
    bool isBusy() const { return m_busy; }

Q_SIGNALS:
    void busyChanged(bool busy);
    /// The newest request failed; `why` and `remedy` are set.
    void failed(const quantscope::Message& message);

private:
    using ErasedWork = std::function<std::function<void()>(const std::stop_token&)>;
    struct Request {
        quint64 generation = 0;
        ErasedWork work;
    };

    void enqueue(ErasedWork work);
    void serve(const std::stop_token& stop);
    void answer(quint64 generation, const std::function<void()>& deliver,
                const std::optional<Message>& failure);
    void setBusy(bool busy);

    // Of the UI thread.
    quint64 m_generation = 0;
    bool m_busy = false;
    // Shared with the worker's thread.
    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::optional<Request> m_queued;
    std::stop_source m_inFlight;
    std::jthread m_thread;
};

}  // namespace quantscope
