// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <numeric>

#include "core/quant/code_grid.h"

namespace quantscope {

/// A grid whose codes stand for long blocks of weights of one column, so that rows can only be
/// begun where blocks begin.
class ColumnBlockGrid : public CodeGrid {
public:
    /// Rows of a block; the last ones of a column may be fewer.
    virtual Index rowsPerBlock() const = 0;
};

/// What the first row and the number of rows of CodeGrid::rows() have to be a multiple of.
inline Index rowGranule(const CodeGrid& grid) {
    constexpr Index always = 8;
    const auto* blocks = dynamic_cast<const ColumnBlockGrid*>(&grid);
    return blocks != nullptr ? std::lcm(blocks->rowsPerBlock(), always) : always;
}

}  // namespace quantscope
