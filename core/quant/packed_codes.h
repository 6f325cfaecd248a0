// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
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

/// The widths of the codes of one vector (0..32 bits each), which all vectors of a tensor share.
/// Codes are packed vector by vector, without gaps, least significant bit first; with equal widths
/// that is what PackedCodes does. At least one code.
class CodeWidths {
public:
    CodeWidths(Index codes, int bits) : CodeWidths(std::vector<int>(asSize(codes), bits)) {}
    explicit CodeWidths(std::vector<int> bits);

    /// Codes of a vector.
    Index codes() const { return static_cast<Index>(m_bits.size()); }
    const std::vector<int>& bits() const { return m_bits; }
    int widest() const { return std::ranges::max(m_bits); }
    bool isEqual() const { return m_isEqual; }

    std::uint64_t bitCount(Index vectors) const {
        return static_cast<std::uint64_t>(vectors) * m_bitsPerVector;
    }
    std::uint64_t byteCount(Index vectors) const { return (bitCount(vectors) + 7) / 8; }

    /// Writes codes, whole vectors, at vector `first` of `bytes`; bitCount(first) must be a
    /// multiple of 8, and so must the end unless these are the last vectors.
    void packAt(std::span<std::uint8_t> bytes, Index first,
                std::span<const std::uint32_t> codes) const;
    /// Reads the codes of whole vectors from vector `first` on. Any position.
    void unpack(std::span<const std::uint8_t> bytes, Index first,
                std::span<std::uint32_t> out) const;

private:
    static std::size_t asSize(Index count) { return static_cast<std::size_t>(count); }

    std::vector<int> m_bits;
    std::uint64_t m_bitsPerVector = 0;
    bool m_isEqual = true;
};

}  // namespace quantscope
