// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ctime>

namespace quantscope::bench {

/// Processor seconds that all threads of this process have used. What other programs do to the
/// machine shows in it far less than in wall time.
inline double cpuSeconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Processor seconds of one call.
template <typename Work>
double cpuSecondsOf(const Work& work) {
    const double start = cpuSeconds();
    work();
    return cpuSeconds() - start;
}

}  // namespace quantscope::bench
