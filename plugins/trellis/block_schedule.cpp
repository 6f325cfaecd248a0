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

BlockLayout::BlockLayout(const TrellisSettings& settings, Index rows, Index cols)
    : m_weights(rows * cols),
      m_schedule(static_cast<int>(blockLength) / settings.valuesPerStep, settings.blockBits),
      m_lastSchedule(lastSchedule(settings, weightsOf(blocks() - 1))) {}

BlockSchedule BlockLayout::lastSchedule(const TrellisSettings& settings, Index weights) {
    const int fullSteps = static_cast<int>(blockLength) / settings.valuesPerStep;
    const auto bitsOf = [&](int steps) { return steps * settings.blockBits / fullSteps; };
    int steps = static_cast<int>((weights + settings.valuesPerStep - 1) / settings.valuesPerStep);
    while (bitsOf(steps) < settings.stateBits)
        ++steps;
    return {steps, bitsOf(steps)};
}

std::uint64_t BlockLayout::totalBits() const {
    return static_cast<std::uint64_t>(firstByte(blocks() - 1)) * 8 +
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
