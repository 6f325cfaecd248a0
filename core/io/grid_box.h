// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Part of an n-dimensional grid: `count[i]` positions from `start[i]` on along axis i.
struct GridBox {
    std::vector<Index> start;
    std::vector<Index> count;
};

/// Cuts the positions begin .. end-1 of a grid, counted in row-major order, into boxes, and visits
/// them in that order. At most two boxes per axis plus one. A grid without axes has one position.
void forEachBox(std::span<const Index> lengths, Index begin, Index end,
                const std::function<void(const GridBox&)>& visit);

}  // namespace quantscope
