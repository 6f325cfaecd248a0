// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace quantscope {

/// How many columns of a terminal `text` (UTF-8 without control characters) takes: none for marks
/// that combine with the character before, two for wide characters of East Asia and pictures.
std::size_t terminalWidth(std::string_view text);

}  // namespace quantscope
