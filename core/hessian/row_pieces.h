// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Rows that one thread chooses codes for at once: enough to use a matrix of all channels well, few
/// enough for the cache, and whole codes (CodeGrid::rowGranule).
inline Index pieceRows(Index rows, Index granule) {
    constexpr Index small = 32;
    constexpr Index large = 128;
    constexpr Index manyRows = 1024;
    const Index piece = rows < manyRows ? small : large;
    return std::max(granule, piece / granule * granule);
}

}  // namespace quantscope
