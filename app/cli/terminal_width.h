// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quantscope {

/// How many columns of a terminal `text` (UTF-8 without control characters) takes: none for marks
/// that combine with the character before, two for wide characters of East Asia and pictures.
std::size_t terminalWidth(std::string_view text);

/// `text` if it is no wider than `widest` columns; otherwise its beginning and its end with ...
/// between them, that wide at most.
std::string elidedMiddle(const std::string& text, std::size_t widest);

}  // namespace quantscope
