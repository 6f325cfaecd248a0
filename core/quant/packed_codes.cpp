// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/packed_codes.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace quantscope {

namespace {

constexpr std::size_t wordBytes = sizeof(std::uint64_t);

// The packed form is little-endian on every machine.
std::uint64_t toLittleEndian(std::uint64_t word) {
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

std::uint64_t loadWord(const std::uint8_t* bytes, std::size_t available) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, std::min(available, wordBytes));
    return toLittleEndian(word);
}

std::uint32_t codeMask(int width) {
    return width == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << width) - 1;
}

}  // namespace

std::vector<std::uint8_t> PackedCodes::pack(std::span<const std::uint32_t> codes, int width) {
    std::vector<std::uint8_t> bytes(byteCount(static_cast<Index>(codes.size()), width));
    packAt(bytes, 0, codes, width);
    return bytes;
}

void PackedCodes::packAt(std::span<std::uint8_t> bytes, Index first,
                         std::span<const std::uint32_t> codes, int width) {
    assert(width >= 0 && width <= 32);
    assert(bitCount(first, width) % 8 == 0);
    assert(byteCount(first + static_cast<Index>(codes.size()), width) <= bytes.size());
    if (width == 0) return;
    std::uint8_t* out = bytes.data() + bitCount(first, width) / 8;
    const std::uint64_t mask = codeMask(width);
    std::uint64_t pending = 0;
    int pendingBits = 0;
    for (const std::uint32_t code : codes) {
        assert((code & ~mask) == 0);
        pending |= (code & mask) << pendingBits;
        pendingBits += width;
        // At most 31 bits wait before a code is added, so 64 bits always hold both.
        if (pendingBits >= 32) {
            const std::uint64_t word = toLittleEndian(pending);
            std::memcpy(out, &word, 4);
            out += 4;
            pending >>= 32;
            pendingBits -= 32;
        }
    }
    for (; pendingBits > 0; pendingBits -= 8, pending >>= 8) {
        *out++ = static_cast<std::uint8_t>(pending);
    }
}

void PackedCodes::unpack(std::span<const std::uint8_t> bytes, Index first, int width,
                         std::span<std::uint32_t> out) {
    assert(width >= 0 && width <= 32);
    assert(byteCount(first + static_cast<Index>(out.size()), width) <= bytes.size());
    if (width == 0) {
        std::ranges::fill(out, 0U);
        return;
    }
    const std::uint32_t mask = codeMask(width);
    std::uint64_t bit = bitCount(first, width);
    // A code spans at most 7 + 32 bits, so one unaligned word holds it; the last few codes, whose
    // word would reach past the end, are read from as many bytes as there are.
    const std::uint64_t wholeWordBits =
        bytes.size() >= wordBytes ? (bytes.size() - wordBytes + 1) * 8 : 0;
    const auto step = static_cast<std::uint64_t>(width);
    std::size_t i = 0;
    for (; i < out.size() && bit < wholeWordBits; ++i, bit += step) {
        const std::uint64_t word = loadWord(bytes.data() + bit / 8, wordBytes);
        out[i] = static_cast<std::uint32_t>(word >> (bit % 8)) & mask;
    }
    for (; i < out.size(); ++i, bit += step) {
        const std::uint64_t word = loadWord(bytes.data() + bit / 8, bytes.size() - bit / 8);
        out[i] = static_cast<std::uint32_t>(word >> (bit % 8)) & mask;
    }
}

}  // namespace quantscope
