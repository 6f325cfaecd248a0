// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/byte_codes.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <type_traits>

#include "core/quant/packed_codes.h"

namespace quantscope {

namespace {

constexpr std::size_t groupCodes = 8;

std::uint64_t toLittleEndian(std::uint64_t word) {
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

// The lowest `bits` of each of the 64 / `lane` parts of a word.
constexpr std::uint64_t lowBits(int lane, int bits) {
    std::uint64_t mask = 0;
    for (int first = 0; first < 64; first += lane)
        mask |= ((std::uint64_t{1} << bits) - 1) << first;
    return mask;
}

// Eight bytes of `Width` bits become 8 x Width bits: neighbours are pushed together in pairs, pairs
// of pairs, and halves.
template <int Width>
std::uint64_t squeezed(std::uint64_t bytes) {
    if constexpr (Width == 8) return bytes;
    constexpr std::uint64_t evenBytes = lowBits(16, 8);
    constexpr std::uint64_t evenPairs = lowBits(32, 16);
    constexpr std::uint64_t evenHalves = lowBits(64, 32);
    const std::uint64_t pairs = (bytes & evenBytes) | ((bytes & ~evenBytes) >> (8 - Width));
    const std::uint64_t quads = (pairs & evenPairs) | ((pairs & ~evenPairs) >> (16 - 2 * Width));
    return (quads & evenHalves) | ((quads & ~evenHalves) >> (32 - 4 * Width));
}

// The reverse.
template <int Width>
std::uint64_t spread(std::uint64_t word) {
    if constexpr (Width == 8) return word;
    constexpr std::uint64_t lowHalf = (std::uint64_t{1} << (4 * Width % 64)) - 1;
    constexpr std::uint64_t lowPairs = lowBits(32, 2 * Width);
    constexpr std::uint64_t lowCodes = lowBits(16, Width);
    const std::uint64_t quads =
        (word & lowHalf) | ((word & (lowHalf << (4 * Width))) << (32 - 4 * Width));
    const std::uint64_t pairs =
        (quads & lowPairs) | ((quads & (lowPairs << (2 * Width))) << (16 - 2 * Width));
    return (pairs & lowCodes) | ((pairs & (lowCodes << Width)) << (8 - Width));
}

template <int Width>
void packGroups(const std::uint8_t* codes, std::size_t groups, std::uint8_t* out) {
    if constexpr (Width == 8) {
        std::memcpy(out, codes, groups * groupCodes);
        return;
    }
    if constexpr (Width == 4) {
        // A loop that compilers vectorise.
        for (std::size_t i = 0; i < groups * groupCodes / 2; ++i)
            out[i] = static_cast<std::uint8_t>(codes[2 * i] | codes[2 * i + 1] << 4);
        return;
    }
    for (std::size_t g = 0; g < groups; ++g) {
        std::uint64_t word = 0;
        std::memcpy(&word, codes + g * groupCodes, groupCodes);
        word = toLittleEndian(squeezed<Width>(toLittleEndian(word)));
        std::memcpy(out + g * Width, &word, Width);
    }
}

template <int Width>
void unpackGroups(const std::uint8_t* bytes, std::size_t groups, std::uint8_t* codes) {
    if constexpr (Width == 8) {
        std::memcpy(codes, bytes, groups * groupCodes);
        return;
    }
    if constexpr (Width == 4) {
        for (std::size_t i = 0; i < groups * groupCodes / 2; ++i) {
            codes[2 * i] = bytes[i] & 0x0F;
            codes[2 * i + 1] = bytes[i] >> 4;
        }
        return;
    }
    for (std::size_t g = 0; g < groups; ++g) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + g * Width, Width);
        word = toLittleEndian(spread<Width>(toLittleEndian(word)));
        std::memcpy(codes + g * groupCodes, &word, groupCodes);
    }
}

/// Calls work(a constant of the width).
template <typename Work>
void withWidth(int width, const Work& work) {
    switch (width) {
        case 1:
            return work(std::integral_constant<int, 1>());
        case 2:
            return work(std::integral_constant<int, 2>());
        case 3:
            return work(std::integral_constant<int, 3>());
        case 4:
            return work(std::integral_constant<int, 4>());
        case 5:
            return work(std::integral_constant<int, 5>());
        case 6:
            return work(std::integral_constant<int, 6>());
        case 7:
            return work(std::integral_constant<int, 7>());
        default:
            return work(std::integral_constant<int, 8>());
    }
}

std::uint8_t codeAt(std::span<const std::uint8_t> bytes, std::uint64_t bit, int width) {
    std::uint32_t word = bytes[bit / 8];
    if (bit / 8 + 1 < bytes.size()) word |= std::uint32_t{bytes[bit / 8 + 1]} << 8;
    return static_cast<std::uint8_t>(word >> (bit % 8) & ((1U << width) - 1));
}

}  // namespace

void ByteCodes::packAt(std::span<std::uint8_t> bytes, Index first,
                       std::span<const std::uint8_t> codes, int width) {
    assert(width >= 1 && width <= 8);
    assert(PackedCodes::bitCount(first, width) % 8 == 0);
    assert(PackedCodes::byteCount(first + std::ssize(codes), width) <= bytes.size());
    if (codes.empty()) return;
    std::uint8_t* out = bytes.data() + PackedCodes::bitCount(first, width) / 8;
    const std::size_t groups = codes.size() / groupCodes;
    withWidth(width, [&](auto bits) { packGroups<bits.value>(codes.data(), groups, out); });
    out += groups * static_cast<std::size_t>(width);
    std::uint64_t rest = 0;
    int restBits = 0;
    for (const std::uint8_t code : codes.subspan(groups * groupCodes)) {
        rest |= std::uint64_t{code} << restBits;
        restBits += width;
    }
    for (; restBits > 0; restBits -= 8, rest >>= 8)
        *out++ = static_cast<std::uint8_t>(rest);
}

void ByteCodes::unpack(std::span<const std::uint8_t> bytes, Index first, int width,
                       std::span<std::uint8_t> out) {
    assert(width >= 1 && width <= 8);
    assert(PackedCodes::byteCount(first + std::ssize(out), width) <= bytes.size());
    if (out.empty()) return;
    const auto step = static_cast<std::uint64_t>(width);
    std::uint64_t bit = PackedCodes::bitCount(first, width);
    std::size_t i = 0;
    for (; i < out.size() && bit % 8 != 0; ++i, bit += step)
        out[i] = codeAt(bytes, bit, width);
    const std::size_t groups = (out.size() - i) / groupCodes;
    withWidth(width, [&](auto bits) {
        unpackGroups<bits.value>(bytes.data() + bit / 8, groups, out.data() + i);
    });
    i += groups * groupCodes;
    bit += groups * groupCodes * step;
    for (; i < out.size(); ++i, bit += step)
        out[i] = codeAt(bytes, bit, width);
}

}  // namespace quantscope
