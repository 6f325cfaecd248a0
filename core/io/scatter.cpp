// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/scatter.h"

#include <algorithm>
#include <vector>

namespace quantscope {

namespace {

/// Transposition goes through the matrix in tiles, so that both sides stay in the first-level
/// cache.
constexpr Index tile = 16;

/// One axis of a box as both sides see it.
struct Axis {
    Index count;
    Index denseStride;   ///< In the row-major values of the box.
    Index spreadStride;  ///< Where they belong.
};

struct Walker {
    std::vector<Axis> outer;  ///< Visited one position at a time.
    Axis slow{1, 0, 0};       ///< The two inner axes, walked in tiles.
    Axis fast{1, 1, 1};
};

Walker planWalk(std::span<const Index> counts, std::span<const Index> strides) {
    Walker walker;
    std::vector<Axis> axes(counts.size());
    Index dense = 1;
    for (std::size_t axis = counts.size(); axis-- > 0;) {
        axes[axis] = {counts[axis], dense, strides[axis]};
        dense *= counts[axis];
    }
    std::erase_if(axes, [](const Axis& axis) { return axis.count == 1; });
    if (axes.empty()) return walker;
    walker.fast = axes.back();
    axes.pop_back();
    if (!axes.empty() && walker.fast.spreadStride != 1) {
        const auto nearest = std::ranges::min_element(axes, {}, &Axis::spreadStride);
        walker.slow = *nearest;
        axes.erase(nearest);
    }
    walker.outer = std::move(axes);
    return walker;
}

/// Calls copy(dense offset, spread offset) for every pair of elements.
template <typename Copy>
void walkTiles(const Walker& walker, Index dense, Index spread, const Copy& copy) {
    const Axis& slow = walker.slow;
    const Axis& fast = walker.fast;
    if (slow.count == 1) {
        for (Index j = 0; j < fast.count; ++j) {
            copy(dense + j * fast.denseStride, spread + j * fast.spreadStride);
        }
        return;
    }
    for (Index j0 = 0; j0 < fast.count; j0 += tile) {
        const Index jEnd = std::min(fast.count, j0 + tile);
        for (Index i0 = 0; i0 < slow.count; i0 += tile) {
            const Index iEnd = std::min(slow.count, i0 + tile);
            for (Index j = j0; j < jEnd; ++j) {
                for (Index i = i0; i < iEnd; ++i) {
                    copy(dense + i * slow.denseStride + j * fast.denseStride,
                         spread + i * slow.spreadStride + j * fast.spreadStride);
                }
            }
        }
    }
}

template <typename Copy>
void walk(std::span<const Index> counts, std::span<const Index> strides, const Copy& copy) {
    if (std::ranges::find(counts, Index{0}) != counts.end()) return;
    const Walker walker = planWalk(counts, strides);
    std::vector<Index> position(walker.outer.size(), 0);
    for (;;) {
        Index dense = 0;
        Index spread = 0;
        for (std::size_t axis = 0; axis < position.size(); ++axis) {
            dense += position[axis] * walker.outer[axis].denseStride;
            spread += position[axis] * walker.outer[axis].spreadStride;
        }
        walkTiles(walker, dense, spread, copy);
        std::size_t axis = position.size();
        while (axis > 0 && ++position[axis - 1] == walker.outer[axis - 1].count) {
            position[--axis] = 0;
        }
        if (axis == 0) return;
    }
}

}  // namespace

bool isDense(std::span<const Index> counts, std::span<const Index> strides) {
    Index expected = 1;
    for (std::size_t axis = counts.size(); axis-- > 0;) {
        if (counts[axis] != 1 && strides[axis] != expected) return false;
        expected *= counts[axis];
    }
    return true;
}

void scatter(const float* values, std::span<const Index> counts, std::span<const Index> strides,
             float* out) {
    walk(counts, strides, [&](Index dense, Index spread) { out[spread] = values[dense]; });
}

void gather(const float* in, std::span<const Index> counts, std::span<const Index> strides,
            float* values) {
    walk(counts, strides, [&](Index dense, Index spread) { values[dense] = in[spread]; });
}

}  // namespace quantscope
