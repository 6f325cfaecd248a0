// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/machine.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace quantscope {

std::uint64_t availableMemory() {
    const auto physical = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                          static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    // Absent outside control groups, and "max" where there is no limit; both fail to read as a
    // number.
    std::ifstream file("/sys/fs/cgroup/memory.max");
    std::uint64_t limit = 0;
    return file >> limit ? std::min(limit, physical) : physical;
}

}  // namespace quantscope
