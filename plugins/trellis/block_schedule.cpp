// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/block_schedule.h"

namespace quantscope::trellis {

BlockSchedule::BlockSchedule(int steps, int bits) {
    int before = 0;
    for (std::int64_t step = 1; step <= steps; ++step) {
        const int end = static_cast<int>(step * bits / steps);
        shifts.push_back(static_cast<std::uint8_t>(end - before));
        ends.push_back(end);
        before = end;
    }
}

namespace {

/// What is left of `length` weights after full blocks; a full block if nothing is.
Index lastLength(Index length) {
    return length - (length - 1) / blockLength * blockLength;
}

int stepsFor(const TrellisSettings& settings, Index weights) {
    return static_cast<int>((weights + settings.valuesPerStep - 1) / settings.valuesPerStep);
}

BlockSchedule lastSchedule(const TrellisSettings& settings, Index weights) {
    const int fullSteps = stepsFor(settings, blockLength);
    const auto bitsOf = [&](int steps) { return steps * settings.blockBits / fullSteps; };
    int steps = stepsFor(settings, weights);
    if (settings.along == Along::Rows) {
        while (bitsOf(steps) < settings.stateBits)
            ++steps;
        return {steps, bitsOf(steps)};
    }
    // Every column ends like this, so its bytes are full.
    int bits = bitsOf(steps) / 8 * 8;
    while (bits < settings.stateBits || bits < steps || bits > steps * settings.mostBitsPerStep()) {
        ++steps;
        bits = (bitsOf(steps) + 7) / 8 * 8;
    }
    return {steps, bits};
}

}  // namespace

BlockLayout::BlockLayout(const TrellisSettings& settings, Index rows, Index cols)
    : m_blocks(0),
      m_firstLast(0),
      m_lastWeights(lastLength(settings.along == Along::Rows ? rows * cols : rows)),
      m_schedule(stepsFor(settings, blockLength), settings.blockBits),
      m_lastSchedule(m_lastWeights == blockLength ? m_schedule
                                                  : lastSchedule(settings, m_lastWeights)) {
    const bool rowByRow = settings.along == Along::Rows;
    const Index length = rowByRow ? rows * cols : rows;
    const Index together = rowByRow ? 1 : cols;
    m_blocks = (length + blockLength - 1) / blockLength * together;
    m_firstLast = m_blocks - together;
}

Index BlockLayout::firstByte(Index block) const {
    const Index full = std::min(block, m_firstLast);
    return (full * m_schedule.bits() + (block - full) * m_lastSchedule.bits()) / 8;
}

std::uint64_t BlockLayout::totalBits() const {
    return static_cast<std::uint64_t>(firstByte(m_firstLast)) * 8 +
           static_cast<std::uint64_t>(m_blocks - m_firstLast) *
               static_cast<std::uint64_t>(m_lastSchedule.bits());
}

std::uint32_t BitRing::window(int end, int count) const {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
        int at = end - count + i;
        if (at < 0) at += m_bits;
        value = value << 1 | (m_bytes[at / 8] >> (7 - at % 8) & 1U);
    }
    return value;
}

}  // namespace quantscope::trellis
