// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Codes of `width` bits (0..32) packed without gaps, least significant bit first: code i takes
/// bits i*width .. i*width+width-1 of the byte sequence. Code sequences can be packed and unpacked
/// in parallel from any position whose bit offset is a multiple of 8.
class PackedCodes {
public:
    static std::uint64_t bitCount(Index count, int width) {
        return static_cast<std::uint64_t>(count) * static_cast<std::uint64_t>(width);
    }
    static std::uint64_t byteCount(Index count, int width) {
        return (bitCount(count, width) + 7) / 8;
    }

    /// Packs all codes; every code must be below 2^width.
    static std::vector<std::uint8_t> pack(std::span<const std::uint32_t> codes, int width);

    /// Writes `codes` at position `first` of `bytes`; (first * width) must be a multiple of 8, and
    /// so must
    /// ((first + codes.size()) * width) unless these are the last codes.
    static void packAt(std::span<std::uint8_t> bytes, Index first,
                       std::span<const std::uint32_t> codes, int width);

    /// Reads codes first .. first + out.size() - 1. Any position.
    static void unpack(std::span<const std::uint8_t> bytes, Index first, int width,
                       std::span<std::uint32_t> out);
};

}  // namespace quantscope
