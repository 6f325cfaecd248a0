// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "plugins/kquant/block_fit.h"

namespace quantscope::kquant {

/// A coded superblock. Scales and minima of parts are stored as steps: of the superblock's scale,
/// and of its minimum.
struct Superblock {
    std::vector<std::uint32_t> codes;   ///< One per weight.
    std::vector<std::uint32_t> scales;  ///< One per part; empty without parts.
    std::vector<std::uint32_t> minima;  ///< One per part of affine layouts.
    std::vector<std::uint16_t> floats;  ///< binary16: scale, and for affine layouts minimum.
};

/// Codes a whole superblock. `values` are at most about 2 in magnitude.
Superblock encodeSuperblock(const Layout& layout, std::span<const float> values,
                            std::span<const float> weights);

/// What the codes of part `part` stand for.
PartFit storedFit(const Layout& layout, const Superblock& block, std::size_t part);

}  // namespace quantscope::kquant
