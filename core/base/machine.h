// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace quantscope {

/// Main memory of this machine in bytes, or less where the process runs in a control group
/// (container, batch job) that may use less.
std::uint64_t availableMemory();

}  // namespace quantscope
