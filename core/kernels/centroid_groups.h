// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// An order of `points` (n x dim) in which each `groupSize` consecutive ones lie together: they are
/// cut in two across the direction in which they spread the most, at a whole number of groups, and
/// so are the halves. Throws Cancelled.
std::vector<std::uint32_t> groupedOrder(MatrixView points, Index groupSize,
                                        const std::stop_token& stop);

}  // namespace quantscope
