// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/seeding.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/panels.h"
#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/seeding.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Lowers `nearest` (one value per lane of `count` panels) to the squared distances from `center`,
// and returns the sum of weights * nearest.
double lowerToDistances(const PanelRow* HWY_RESTRICT panels, std::size_t count, std::size_t dim,
                        const float* HWY_RESTRICT center, const PanelRow* HWY_RESTRICT weights,
                        PanelRow* HWY_RESTRICT nearest) {
    const hn::CappedTag<float, 16> tag;
    constexpr std::size_t laneCount = hn::MaxLanes(hn::CappedTag<float, 16>());
    constexpr auto width = static_cast<std::size_t>(panelWidth);
    double total = 0.0;
    for (std::size_t p = 0; p < count; ++p, panels += dim) {
        auto masses = hn::Zero(tag);
        for (std::size_t lane = 0; lane < width; lane += laneCount) {
            auto sum = hn::Zero(tag);
            for (std::size_t j = 0; j < dim; ++j) {
                const auto difference =
                    hn::Sub(hn::Load(tag, panels[j].lanes.data() + lane), hn::Set(tag, center[j]));
                sum = hn::MulAdd(difference, difference, sum);
            }
            float* const values = nearest[p].lanes.data() + lane;
            const auto lowest = hn::Min(sum, hn::Load(tag, values));
            hn::Store(lowest, tag, values);
            masses = hn::MulAdd(lowest, hn::Load(tag, weights[p].lanes.data() + lane), masses);
        }
        total += static_cast<double>(hn::GetLane(hn::SumOfLanes(tag, masses)));
    }
    return total;
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(lowerToDistances);

// The choice of rows; keeps every row's squared distance from the rows chosen so far.
class Seeding {
public:
    Seeding(MatrixView x, std::span<const float> weights, const RunContext& context)
        : m_x(x),
          m_context(context),
          m_panels(
              packPanels(x, std::vector<float>(static_cast<std::size_t>(x.cols)), context.stop())),
          m_weights(static_cast<std::size_t>(panelCount(x.rows))),
          m_nearest(m_weights.size()),
          m_panelsPerChunk(std::max<Index>(1, chunkFloats / (panelWidth * x.cols))) {
        // Lanes behind the last row keep weight and distance 0, so they are never chosen.
        for (Index row = 0; row < x.rows; ++row) {
            laneValue(m_weights, row) =
                weights.empty() ? 1.0F : weights[static_cast<std::size_t>(row)];
            laneValue(m_nearest, row) = std::numeric_limits<float>::max();
        }
        m_chunkMasses.resize(static_cast<std::size_t>((panelCount(x.rows) + m_panelsPerChunk - 1) /
                                                      m_panelsPerChunk));
        for (Index row = 0; row < x.rows; ++row) {
            m_chunkMasses[chunkOf(row)] += static_cast<double>(laneValue(m_weights, row));
        }
    }

    Index drawFirst(Random& random) const {
        return draw(random,
                    [this](Index row) { return static_cast<double>(laneValue(m_weights, row)); });
    }

    void choose(Index row) {
        const std::span<const float> center = m_x.row(row);
        parallelFor(
            panelCount(m_x.rows), m_panelsPerChunk, m_context.stop(), [&](Index begin, Index end) {
                const auto first = static_cast<std::size_t>(begin);
                m_chunkMasses[static_cast<std::size_t>(begin / m_panelsPerChunk)] =
                    HWY_DYNAMIC_DISPATCH(lowerToDistances)(
                        m_panels.data() + begin * m_x.cols, static_cast<std::size_t>(end - begin),
                        static_cast<std::size_t>(m_x.cols), center.data(), m_weights.data() + first,
                        m_nearest.data() + first);
            });
    }

    Index drawNext(Random& random) const {
        return draw(random, [this](Index row) {
            return static_cast<double>(laneValue(m_nearest, row)) *
                   static_cast<double>(laneValue(m_weights, row));
        });
    }

private:
    static constexpr Index chunkFloats = Index{1} << 17;

    std::size_t chunkOf(Index row) const {
        return static_cast<std::size_t>(row / (m_panelsPerChunk * panelWidth));
    }

    // A row with a probability proportional to mass(row); m_chunkMasses hold the sums.
    template <typename Mass>
    Index draw(Random& random, const Mass& mass) const {
        const double total = std::accumulate(m_chunkMasses.begin(), m_chunkMasses.end(), 0.0);
        if (!(total > 0.0)) return random.below(m_x.rows);
        double rest = random.uniform() * total;
        std::size_t chunk = 0;
        while (chunk + 1 < m_chunkMasses.size() && rest >= m_chunkMasses[chunk]) {
            rest -= m_chunkMasses[chunk++];
        }
        const Index rowsPerChunk = m_panelsPerChunk * panelWidth;
        const Index first = static_cast<Index>(chunk) * rowsPerChunk;
        const Index end = std::min(m_x.rows, first + rowsPerChunk);
        // The chunk's sum was rounded differently, so the walk may reach the end: then the last row
        // that could have been drawn is.
        Index chosen = first;
        for (Index row = first; row < end; ++row) {
            const double rowMass = mass(row);
            if (rowMass <= 0.0) continue;
            chosen = row;
            if (rest < rowMass) break;
            rest -= rowMass;
        }
        return chosen;
    }

    MatrixView m_x;
    const RunContext& m_context;
    std::vector<PanelRow> m_panels;
    std::vector<PanelRow> m_weights;
    std::vector<PanelRow> m_nearest;
    Index m_panelsPerChunk;
    std::vector<double> m_chunkMasses;
};

}  // namespace

std::vector<Index> seedRows(MatrixView x, std::span<const float> weights, Index count,
                            const RunContext& context) {
    assert(x.rows > 0 && count > 0);
    assert(weights.empty() || static_cast<Index>(weights.size()) == x.rows);
    Random random = context.random(0);
    Seeding seeding(x, weights, context);
    std::vector<Index> rows{seeding.drawFirst(random)};
    while (static_cast<Index>(rows.size()) < count) {
        seeding.choose(rows.back());
        rows.push_back(seeding.drawNext(random));
    }
    return rows;
}

}  // namespace quantscope
#endif
