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

// Packs codes from a whole byte on; `nextWidth` tells the width of each in turn.
template <typename NextWidth>
void writeCodes(std::uint8_t* out, std::span<const std::uint32_t> codes,
                const NextWidth& nextWidth) {
    std::uint64_t pending = 0;
    int pendingBits = 0;
    for (const std::uint32_t code : codes) {
        const int width = nextWidth();
        const std::uint64_t mask = codeMask(width);
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
    writeCodes(bytes.data() + bitCount(first, width) / 8, codes, [width] { return width; });
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

CodeWidths::CodeWidths(std::vector<int> bits) : m_bits(std::move(bits)) {
    assert(!m_bits.empty());
    for (const int width : m_bits) {
        assert(width >= 0 && width <= 32);
        m_bitsPerVector += static_cast<std::uint64_t>(width);
        m_isEqual = m_isEqual && width == m_bits.front();
    }
}

void CodeWidths::packAt(std::span<std::uint8_t> bytes, Index first,
                        std::span<const std::uint32_t> codes) const {
    assert(codes.size() % m_bits.size() == 0);
    if (m_isEqual) {
        PackedCodes::packAt(bytes, first * this->codes(), codes, m_bits.front());
        return;
    }
    assert(bitCount(first) % 8 == 0);
    auto next = m_bits.begin();
    writeCodes(bytes.data() + bitCount(first) / 8, codes, [&] {
        if (next == m_bits.end()) next = m_bits.begin();
        return *next++;
    });
}

void CodeWidths::unpack(std::span<const std::uint8_t> bytes, Index first,
                        std::span<std::uint32_t> out) const {
    assert(out.size() % m_bits.size() == 0);
    if (m_isEqual) {
        PackedCodes::unpack(bytes, first * codes(), m_bits.front(), out);
        return;
    }
    std::uint64_t bit = bitCount(first);
    auto next = m_bits.begin();
    for (std::uint32_t& code : out) {
        if (next == m_bits.end()) next = m_bits.begin();
        const int width = *next++;
        const std::size_t byte = std::min<std::size_t>(bit / 8, bytes.size());
        const std::uint64_t word = loadWord(bytes.data() + byte, bytes.size() - byte);
        code = static_cast<std::uint32_t>(word >> (bit % 8)) & codeMask(width);
        bit += static_cast<std::uint64_t>(width);
    }
}

}  // namespace quantscope
