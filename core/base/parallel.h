// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/matrix_view.h"

namespace quantscope {

/// Throws Cancelled if a stop was requested.
inline void throwIfStopped(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Cancelled();
}

/// The threads that a computation may use. Loops that run inside `execute` or inside a task of this
/// arena share its threads; loops outside any arena use all cores. The backend is oneTBB, or plain
/// threads in builds for the thread sanitizer.
class Arena {
public:
    /// `threads` <= 0 means one per core.
    explicit Arena(int threads);
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    int threadCount() const;

    /// Runs `work` on the calling thread as one of the arena's threads; exceptions pass through.
    void execute(const std::function<void()>& work);

    /// Hands `work` to the threads of the arena and returns at once. The thread that calls `wait`
    /// is one of them, so work may only begin then. `work` must not throw; it may start more work.
    /// To be called before `wait`, or from work that runs in the arena.
    void start(std::function<void()> work);

    /// Takes part in the work until everything given to `start` has ended.
    void wait();

private:
    struct Backend;
    std::unique_ptr<Backend> m_backend;
};

/// Calls `body(begin, end)` for consecutive chunks of `grain` items that cover 0 .. count-1, in
/// parallel. The chunks depend on `count` and `grain` alone, never on the number of threads, and
/// are begun in ascending order. While it waits, the calling thread runs chunks of this loop only.
/// Throws Cancelled when `stop` was requested or when the loop is inside another one of which a
/// chunk has thrown, and then some chunks may not have run; otherwise passes on the first
/// exception.
void parallelFor(Index count, Index grain, const std::stop_token& stop,
                 const std::function<void(Index begin, Index end)>& body);

/// As parallelFor, for bodies that return a partial result: the results of the chunks are combined
/// in the order of the chunks, which gives the same bits at any thread count.
/// `body(begin, end) -> T`, `combine(T& total, T&& part)`.
template <typename T, typename Body, typename Combine>
T parallelReduce(Index count, Index grain, const std::stop_token& stop, T initial, Body&& body,
                 Combine&& combine) {
    const Index chunks = count <= 0 ? 0 : (count + grain - 1) / grain;
    std::vector<std::optional<T>> parts(static_cast<std::size_t>(chunks));
    parallelFor(count, grain, stop, [&](Index begin, Index end) {
        parts[static_cast<std::size_t>(begin / grain)].emplace(body(begin, end));
    });
    T total = std::move(initial);
    for (std::optional<T>& part : parts)
        combine(total, std::move(*part));
    return total;
}

}  // namespace quantscope
