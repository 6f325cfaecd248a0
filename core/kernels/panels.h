// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Vectors per panel: two registers of the widest instruction set.
inline constexpr Index panelWidth = 32;

/// One component of the 32 vectors of a panel.
struct alignas(panelWidth * sizeof(float)) PanelRow {
    std::array<float, panelWidth> lanes{};
};

inline Index panelCount(Index vectors) {
    return (vectors + panelWidth - 1) / panelWidth;
}

/// The value of vector `v` in a sequence of rows, one per panel.
inline float& laneValue(std::vector<PanelRow>& rows, Index v) {
    return rows[static_cast<std::size_t>(v / panelWidth)]
        .lanes[static_cast<std::size_t>(v % panelWidth)];
}
inline float laneValue(const std::vector<PanelRow>& rows, Index v) {
    return rows[static_cast<std::size_t>(v / panelWidth)]
        .lanes[static_cast<std::size_t>(v % panelWidth)];
}

/// Packs vectors for kernels in which SIMD lanes are vectors: 32 consecutive vectors form a panel
/// of dim rows, and row j of a panel holds component j of its vectors; the panels follow each
/// other. `offset` (dim values) is subtracted. Lanes behind the last vector hold 0. The layout is
/// the same for every instruction set. Runs in parallel; throws Cancelled.
std::vector<PanelRow> packPanels(MatrixView vectors, std::span<const float> offset,
                                 const std::stop_token& stop);

}  // namespace quantscope
