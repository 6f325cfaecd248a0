// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace quantscope {

/// Why the system refused something, from errno, as the end of a sentence: "the disk is full".
std::string systemReason(int error);

}  // namespace quantscope
