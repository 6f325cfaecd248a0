// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Codes of 1 to 8 bits with a byte for each, packed and unpacked as PackedCodes does, but several
/// times faster.
class ByteCodes {
public:
    /// Writes `codes` (all below 2^width) at position `first` of `bytes`; the same conditions as
    /// those of PackedCodes::packAt.
    static void packAt(std::span<std::uint8_t> bytes, Index first,
                       std::span<const std::uint8_t> codes, int width);

    /// Reads codes first .. first + out.size() - 1. Any position.
    static void unpack(std::span<const std::uint8_t> bytes, Index first, int width,
                       std::span<std::uint8_t> out);
};

}  // namespace quantscope
