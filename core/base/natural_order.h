// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace quantscope {

/// Order of paths for people: runs of digits compare as numbers ("layer.2" before "layer.10"), and
/// what lies in a group stands together. A strict total order.
bool naturalLess(std::string_view a, std::string_view b);

}  // namespace quantscope
