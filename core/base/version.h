// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace quantscope {

/// Version of the program, "0.1.0".
std::string_view programVersion();

}  // namespace quantscope
