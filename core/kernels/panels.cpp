// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/panels.h"

#include <algorithm>

#include "core/base/parallel.h"

namespace quantscope {

std::vector<PanelRow> packPanels(MatrixView vectors, std::span<const float> offset,
                                 const std::stop_token& stop) {
    constexpr Index chunkFloats = Index{1} << 18;
    const Index dim = vectors.cols;
    std::vector<PanelRow> panels(static_cast<std::size_t>(panelCount(vectors.rows) * dim));
    const Index panelsPerChunk = std::max<Index>(1, chunkFloats / (panelWidth * dim));
    parallelFor(vectors.rows, panelsPerChunk * panelWidth, stop, [&](Index begin, Index end) {
        for (Index v = begin; v < end; ++v) {
            PanelRow* panel = panels.data() + v / panelWidth * dim;
            const auto lane = static_cast<std::size_t>(v % panelWidth);
            for (Index j = 0; j < dim; ++j) {
                panel[j].lanes[lane] = vectors(v, j) - offset[static_cast<std::size_t>(j)];
            }
        }
    });
    return panels;
}

}  // namespace quantscope
