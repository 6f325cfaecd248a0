// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace quantscope {

/// `bytes` as valid UTF-8: every byte that belongs to no character becomes \xNN, the rest stays.
std::string validUtf8(std::string_view bytes);

/// validUtf8 with control characters written as \xNN as well, so that a name out of a file can
/// neither break a line nor steer a terminal. Tensor names keep their control characters: print
/// them through this.
std::string printableText(std::string_view text);

}  // namespace quantscope
