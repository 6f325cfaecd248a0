// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>

#ifdef QUANTSCOPE_PLAIN_THREADS
#include <exception>
#include <mutex>
#else
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#endif

namespace quantscope {

#ifdef QUANTSCOPE_PLAIN_THREADS

namespace {

int coreCount() {
    return std::max(1U, std::thread::hardware_concurrency());
}

// Loops inside a loop run on the thread they are in, so that the number of threads stays bounded.
thread_local int t_threads = 0;

}  // namespace

struct Arena::Backend {
    int threads = 1;
    std::mutex mutex;
    std::vector<std::thread> started;
};

Arena::Arena(int threads) : m_backend(std::make_unique<Backend>()) {
    m_backend->threads = threads > 0 ? threads : coreCount();
}

Arena::~Arena() {
    wait();
}

int Arena::threadCount() const {
    return m_backend->threads;
}

void Arena::execute(const std::function<void()>& work) {
    const int previous = std::exchange(t_threads, m_backend->threads);
    try {
        work();
    } catch (...) {
        t_threads = previous;
        throw;
    }
    t_threads = previous;
}

void Arena::start(std::function<void()> work) {
    const std::lock_guard lock(m_backend->mutex);
    m_backend->started.emplace_back([threads = m_backend->threads, work = std::move(work)] {
        t_threads = threads;
        work();
    });
}

void Arena::wait() {
    // What is waited for may start more.
    while (true) {
        std::vector<std::thread> started;
        {
            const std::lock_guard lock(m_backend->mutex);
            started.swap(m_backend->started);
        }
        if (started.empty()) return;
        for (std::thread& thread : started)
            thread.join();
    }
}

void parallelFor(Index count, Index grain, const std::stop_token& stop,
                 const std::function<void(Index begin, Index end)>& body) {
    throwIfStopped(stop);
    if (count <= 0) return;
    const Index chunks = (count + grain - 1) / grain;
    const Index threads = std::min<Index>(t_threads > 0 ? t_threads : coreCount(), chunks);
    std::atomic<Index> next{0};
    std::mutex mutex;
    std::exception_ptr firstError;
    const auto work = [&] {
        const int previous = std::exchange(t_threads, 1);
        for (Index chunk = next++; chunk < chunks && !stop.stop_requested(); chunk = next++) {
            try {
                body(chunk * grain, std::min(count, (chunk + 1) * grain));
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!firstError) firstError = std::current_exception();
                next = chunks;
            }
        }
        t_threads = previous;
    };
    std::vector<std::thread> helpers;
    for (Index i = 1; i < threads; ++i)
        helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers)
        helper.join();
    if (firstError) std::rethrow_exception(firstError);
    throwIfStopped(stop);
}

#else

struct Arena::Backend {
    explicit Backend(int threads) : arena(threads) {
        // oneTBB keeps no more workers than there are cores unless it is told to.
        if (threads > tbb::info::default_concurrency()) {
            workers.emplace(tbb::global_control::max_allowed_parallelism,
                            static_cast<std::size_t>(threads));
        }
    }
    std::optional<tbb::global_control> workers;
    tbb::task_arena arena;
    tbb::task_group group;
};

Arena::Arena(int threads)
    : m_backend(
          std::make_unique<Backend>(threads > 0 ? threads : tbb::info::default_concurrency())) {}

Arena::~Arena() {
    wait();
}

int Arena::threadCount() const {
    return m_backend->arena.max_concurrency();
}

void Arena::execute(const std::function<void()>& work) {
    m_backend->arena.execute(work);
}

void Arena::start(std::function<void()> work) {
    // Not enqueue(): that hires a worker of its own even for an arena of one thread.
    m_backend->arena.execute([&] { m_backend->group.run(std::move(work)); });
}

void Arena::wait() {
    m_backend->arena.execute([this] { m_backend->group.wait(); });
}

void parallelFor(Index count, Index grain, const std::stop_token& stop,
                 const std::function<void(Index begin, Index end)>& body) {
    throwIfStopped(stop);
    if (count <= 0) return;
    const Index chunks = (count + grain - 1) / grain;
    // Isolation keeps a thread that waits here from picking up an unrelated trial, which would
    // falsify its timing and could run into a lock that the waiting code holds.
    // Threads take the chunks in ascending order instead of starting far apart, as the library
    // would have them: loops that read from a file then go through it once, from front to back.
    std::atomic<Index> next{0};
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(
            Index{0}, chunks,
            [&](Index /*turn*/) {
                if (stop.stop_requested()) return;
                const Index chunk = next++;
                body(chunk * grain, std::min(count, (chunk + 1) * grain));
            },
            tbb::simple_partitioner());
    });
    // A cancelled loop returns silently, and so does one inside a loop of which another chunk has
    // thrown; their partial results must not be used.
    throwIfStopped(stop);
    if (next.load() < chunks) throw Cancelled();
}

#endif

}  // namespace quantscope
