// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "plugins/trellis/trellis_settings.h"

namespace quantscope::trellis {

inline constexpr Index blockLength = 256;

/// How the bits of a block are spread over its steps. The bits form a ring: the state of a step is
/// the stateBits bits that end with the step's own, and in front of the first bit stands the last.
struct BlockSchedule {
    std::vector<std::uint8_t> shifts;  ///< Bits of each step.
    std::vector<int> ends;             ///< Bits up to and with each step; the last is the total.

    BlockSchedule(int steps, int bits);
    int steps() const { return static_cast<int>(shifts.size()); }
    int bits() const { return ends.back(); }
};

/// The blocks of a tensor. Along rows: its weights row by row, cut into blocks of 256. Along
/// columns: every column cut into blocks of 256; the columns' first blocks come first, then their
/// second ones. Last blocks are as short as they can be, but have at least as many bits as a state.
class BlockLayout {
public:
    BlockLayout(const TrellisSettings& settings, Index rows, Index cols);

    Index blocks() const { return m_blocks; }
    /// Whether a block is a last one: of the tensor, or of a column.
    bool isLast(Index block) const { return block >= m_firstLast; }
    const BlockSchedule& schedule(Index block) const {
        return isLast(block) ? m_lastSchedule : m_schedule;
    }
    Index weightsOf(Index block) const { return isLast(block) ? m_lastWeights : blockLength; }
    /// Blocks begin with whole bytes.
    Index firstByte(Index block) const;
    std::uint64_t totalBits() const;

private:
    Index m_blocks;
    Index m_firstLast;
    Index m_lastWeights;
    BlockSchedule m_schedule;
    BlockSchedule m_lastSchedule;
};

/// The bits of one block, the first of them the highest bit of the first byte.
class BitRing {
public:
    BitRing(const std::uint8_t* bytes, int bits) : m_bytes(bytes), m_bits(bits) {}

    /// The `count` bits that end before bit `end`, the last of them lowest; count <= 16.
    std::uint32_t window(int end, int count) const;

private:
    const std::uint8_t* m_bytes;
    int m_bits;
};

}  // namespace quantscope::trellis
