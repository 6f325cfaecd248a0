// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/trellis/trellis_encoder.h"

#include <algorithm>

namespace quantscope::trellis {

namespace {

// Paths that end in different states agree from a few constraint lengths L / k before the end on.
constexpr int constraintLengths = 4;

void writeBits(std::uint8_t* bytes, int end, int count, std::uint32_t value) {
    for (int i = 0; i < count; ++i) {
        const int at = end - 1 - i;
        bytes[at / 8] =
            static_cast<std::uint8_t>(bytes[at / 8] | (value >> i & 1U) << (7 - at % 8));
    }
}

}  // namespace

BlockEncoder::BlockEncoder(const TrellisSettings& settings, const TrellisCode& code)
    : m_code(code),
      m_valuesPerStep(settings.valuesPerStep),
      // Farther targets would prefer the same path, and cost the search its precision.
      m_largestTarget(4.0F * code.largest()),
      m_search(settings.stateBits, code.values()) {}

void BlockEncoder::encode(std::span<const float> weights, const BlockSchedule& schedule,
                          std::uint8_t* bytes, std::span<float> decoded) {
    aimAt(weights, schedule);
    m_search.solve(m_targets, schedule.shifts, seam(schedule), m_path);
    store(schedule, bytes, decoded);
}

void BlockEncoder::encodeAgain(std::span<const float> weights, const BlockSchedule& schedule,
                               std::uint8_t* bytes, std::span<float> decoded) {
    aimAt(weights, schedule);
    const std::uint32_t ends =
        BitRing(bytes, schedule.bits()).window(0, m_search.stateBits() - schedule.shifts[0]);
    m_search.solve(m_targets, schedule.shifts, ends, m_path);
    store(schedule, bytes, decoded);
}

void BlockEncoder::aimAt(std::span<const float> weights, const BlockSchedule& schedule) {
    m_targets.assign(schedule.shifts.size() * static_cast<std::size_t>(m_valuesPerStep), 0.0F);
    std::ranges::transform(weights, m_targets.begin(), [this](float weight) {
        return std::clamp(weight, -m_largestTarget, m_largestTarget);
    });
}

// Writes the path.
void BlockEncoder::store(const BlockSchedule& schedule, std::uint8_t* bytes,
                         std::span<float> decoded) const {
    std::fill_n(bytes, (schedule.bits() + 7) / 8, std::uint8_t{0});
    for (std::size_t t = 0; t < m_path.states.size(); ++t)
        writeBits(bytes, schedule.ends[t], schedule.shifts[t], m_path.states[t]);
    const auto values = static_cast<std::size_t>(m_valuesPerStep);
    for (std::size_t i = 0; i < decoded.size(); ++i) {
        decoded[i] = m_code.values()(static_cast<Index>(i % values),
                                     static_cast<Index>(m_path.states[i / values]));
    }
}

std::uint32_t BlockEncoder::seam(const BlockSchedule& schedule) {
    const int steps = schedule.steps();
    const int leastShift = *std::ranges::min_element(schedule.shifts);
    const int half =
        std::min((steps + 1) / 2, constraintLengths * m_search.stateBits() / leastShift);
    const auto values = static_cast<std::size_t>(m_valuesPerStep);
    m_seamTargets.clear();
    m_seamShifts.clear();
    for (int i = -half; i < std::min(half, steps - half); ++i) {
        const auto step = static_cast<std::size_t>((i + steps) % steps);
        m_seamShifts.push_back(schedule.shifts[step]);
        const auto first = m_targets.begin() + static_cast<std::ptrdiff_t>(step * values);
        m_seamTargets.insert(m_seamTargets.end(), first, first + m_valuesPerStep);
    }
    m_search.solve(m_seamTargets, m_seamShifts, std::nullopt, m_path);
    const std::uint32_t last = m_path.states[static_cast<std::size_t>(half - 1)];
    return last & ((1U << (m_search.stateBits() - schedule.shifts[0])) - 1U);
}

}  // namespace quantscope::trellis
