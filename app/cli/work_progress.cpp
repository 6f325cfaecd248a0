// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/work_progress.h"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <mutex>

namespace quantscope {

namespace {

constexpr std::chrono::milliseconds interval{100};

}  // namespace

struct WorkProgress::State {
    std::ostream& out;
    bool isTerminal = false;
    std::mutex mutex;
    std::chrono::steady_clock::time_point last;

    void show(double fraction, std::string_view phase) {
        if (!isTerminal) return;
        const std::lock_guard lock(mutex);
        const auto now = std::chrono::steady_clock::now();
        if (now - last < interval) return;
        last = now;
        out << "\r\x1b[K" << std::lround(100.0 * fraction) << "% " << phase << std::flush;
    }

    void clear() {
        if (isTerminal) out << "\r\x1b[K" << std::flush;
    }
};

WorkProgress::WorkProgress(std::ostream& out)
    : m_state(new State{out, isatty(STDERR_FILENO) != 0, {}, {}}) {}

WorkProgress::~WorkProgress() {
    m_state->clear();
}

RunContext::ProgressFunction WorkProgress::function() const {
    return [state = m_state.get()](double fraction, std::string_view phase) {
        state->show(fraction, phase);
    };
}

void WorkProgress::clear() const {
    m_state->clear();
}

}  // namespace quantscope
