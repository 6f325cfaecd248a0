// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/trellis_search.h"
#include "plugins/trellis/block_schedule.h"
#include "plugins/trellis/trellis_code.h"

namespace quantscope::trellis {

/// Finds the bits of blocks, one after the other; one object for each thread.
class BlockEncoder {
public:
    BlockEncoder(const TrellisSettings& settings, const TrellisCode& code);

    /// Codes `weights` (at most 256, about N(0, inputScale^2)) as a ring. Writes the bits to
    /// `bytes`, whole bytes, and what they decode to, without scale, to `decoded`.
    ///
    /// The ring is closed as QTIP does (section 3.2): the path through a window around the seam is
    /// solved on its own, which fixes the state there, then the block with this state at both ends.
    void encode(std::span<const float> weights, const BlockSchedule& schedule, std::uint8_t* bytes,
                std::span<float> decoded);

    /// Codes `weights` anew between the ends of the path that `bytes` hold. The search is exact
    /// between fixed ends, so the new path is no farther from the weights, rounding aside.
    void encodeAgain(std::span<const float> weights, const BlockSchedule& schedule,
                     std::uint8_t* bytes, std::span<float> decoded);

private:
    void aimAt(std::span<const float> weights, const BlockSchedule& schedule);
    void store(const BlockSchedule& schedule, std::uint8_t* bytes, std::span<float> decoded) const;
    std::uint32_t seam(const BlockSchedule& schedule);

    const TrellisCode& m_code;
    int m_valuesPerStep;
    float m_largestTarget;
    TrellisSearch m_search;
    std::vector<float> m_targets;
    std::vector<float> m_seamTargets;
    std::vector<std::uint8_t> m_seamShifts;
    TrellisPath m_path;
};

}  // namespace quantscope::trellis
