// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/seeding.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>

#include "core/base/parallel.h"
#include "core/kernels/nearest.h"

namespace quantscope {
namespace {

// One seed is drawn at once per so many that are chosen already.
constexpr Index seedsPerDrawAtOnce = 8;

// The choice of rows; keeps every row's squared distance from the rows chosen so far.
class Seeding {
public:
    Seeding(MatrixView x, std::span<const float> weights, const RunContext& context)
        : m_x(x),
          m_weights(weights),
          m_context(context),
          m_distances(static_cast<std::size_t>(x.rows), 1.0F),
          m_chunkMasses(static_cast<std::size_t>((x.rows + chunkRows - 1) / chunkRows)) {
        for (Index begin = 0; begin < x.rows; begin += chunkRows)
            sumMasses(begin, std::min(x.rows, begin + chunkRows));
    }

    // Some rows, at most `count`, each with a probability proportional to its weight times its
    // squared distance from all rows chosen so far, those of this call included: rows are drawn by
    // the distances known from before, which are no less, and kept with the ratio of the two.
    std::vector<Index> draw(Index count, Random& random) const {
        std::vector<Index> drawn;
        for (Index trial = 0; trial < 2 * count && static_cast<Index>(drawn.size()) < count;
             ++trial) {
            const Index row = drawByMass(random);
            const float known = m_distances[static_cast<std::size_t>(row)];
            float distance = known;
            for (const Index other : drawn)
                distance = std::min(distance, squaredDistance(row, other));
            const bool keep = drawn.empty() || random.uniform() * static_cast<double>(known) <
                                                   static_cast<double>(distance);
            if (keep) drawn.push_back(row);
        }
        return drawn;
    }

    // Lowers the distances to those from some more rows.
    void choose(std::span<const Index> rows) {
        Matrix chosen(static_cast<Index>(rows.size()), m_x.cols);
        for (Index i = 0; i < chosen.rows(); ++i) {
            std::ranges::copy(m_x.row(rows[static_cast<std::size_t>(i)]),
                              chosen.span().row(i).begin());
        }
        const bool first = !std::exchange(m_anyChosen, true);
        const CodewordPanels panels(chosen.view(), m_context.stop());
        parallelFor(m_x.rows, chunkRows, m_context.stop(), [&](Index begin, Index end) {
            std::vector<std::uint32_t> codes(static_cast<std::size_t>(end - begin));
            std::vector<float> distances(codes.size());
            panels.nearest(m_x.middleRows(begin, end - begin), codes, distances);
            float* const lowest = m_distances.data() + begin;
            for (std::size_t i = 0; i < distances.size(); ++i)
                lowest[i] = first ? distances[i] : std::min(lowest[i], distances[i]);
            sumMasses(begin, end);
        });
    }

private:
    static constexpr Index chunkRows = 1024;

    double mass(Index row) const {
        const auto r = static_cast<std::size_t>(row);
        const double weight = m_weights.empty() ? 1.0 : static_cast<double>(m_weights[r]);
        return weight * static_cast<double>(m_distances[r]);
    }

    float squaredDistance(Index a, Index b) const {
        float sum = 0.0F;
        for (Index j = 0; j < m_x.cols; ++j) {
            const float difference = m_x(a, j) - m_x(b, j);
            sum += difference * difference;
        }
        return sum;
    }

    void sumMasses(Index begin, Index end) {
        double sum = 0.0;
        for (Index row = begin; row < end; ++row)
            sum += mass(row);
        m_chunkMasses[static_cast<std::size_t>(begin / chunkRows)] = sum;
    }

    Index drawByMass(Random& random) const {
        const double total = std::accumulate(m_chunkMasses.begin(), m_chunkMasses.end(), 0.0);
        if (!(total > 0.0)) return random.below(m_x.rows);
        double rest = random.uniform() * total;
        std::size_t chunk = 0;
        while (chunk + 1 < m_chunkMasses.size() && rest >= m_chunkMasses[chunk]) {
            rest -= m_chunkMasses[chunk++];
        }
        const Index first = static_cast<Index>(chunk) * chunkRows;
        const Index end = std::min(m_x.rows, first + chunkRows);
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
    std::span<const float> m_weights;
    const RunContext& m_context;
    std::vector<float> m_distances;
    std::vector<double> m_chunkMasses;
    bool m_anyChosen = false;
};

// Over all rows of `x`.
std::vector<Index> seedFromAll(MatrixView x, std::span<const float> weights, Index count,
                               Random& random, const RunContext& context) {
    Seeding seeding(x, weights, context);
    std::vector<Index> rows;
    while (static_cast<Index>(rows.size()) < count) {
        const auto chosen = static_cast<Index>(rows.size());
        const Index batch = std::clamp<Index>(chosen / seedsPerDrawAtOnce, 1, count - chosen);
        const std::vector<Index> drawn = seeding.draw(batch, random);
        rows.insert(rows.end(), drawn.begin(), drawn.end());
        seeding.choose(drawn);
    }
    return rows;
}

// `count` of the rows with weight, or all of them if they are fewer, ascending (selection sampling:
// Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
std::vector<Index> sampleRows(Index rows, std::span<const float> weights, Index count,
                              Random& random) {
    const auto hasWeight = [&](Index row) {
        return weights.empty() || weights[static_cast<std::size_t>(row)] > 0.0F;
    };
    Index population = 0;
    for (Index row = 0; row < rows; ++row)
        population += hasWeight(row) ? 1 : 0;
    std::vector<Index> sample;
    sample.reserve(static_cast<std::size_t>(std::min(population, count)));
    for (Index row = 0; row < rows && static_cast<Index>(sample.size()) < count; ++row) {
        if (!hasWeight(row)) continue;
        const auto wanted = static_cast<double>(count - static_cast<Index>(sample.size()));
        if (static_cast<double>(population) * random.uniform() < wanted) sample.push_back(row);
        --population;
    }
    return sample;
}

}  // namespace

std::vector<Index> seedRows(MatrixView x, std::span<const float> weights, Index count,
                            const RunContext& context) {
    assert(x.rows > 0 && count > 0);
    assert(weights.empty() || static_cast<Index>(weights.size()) == x.rows);
    Random random = context.random(0);
    const Index mostRows = std::max(leastSeedingRows, count * seedingRowsPerSeed);
    if (x.rows <= mostRows) return seedFromAll(x, weights, count, random, context);
    const std::vector<Index> sample = sampleRows(x.rows, weights, mostRows, random);
    Matrix values(static_cast<Index>(sample.size()), x.cols);
    std::vector<float> sampleWeights;
    for (Index i = 0; i < values.rows(); ++i) {
        const Index row = sample[static_cast<std::size_t>(i)];
        std::ranges::copy(x.row(row), values.span().row(i).begin());
        if (!weights.empty()) sampleWeights.push_back(weights[static_cast<std::size_t>(row)]);
    }
    std::vector<Index> seeds = seedFromAll(values.view(), sampleWeights, count, random, context);
    for (Index& seed : seeds)
        seed = sample[static_cast<std::size_t>(seed)];
    return seeds;
}

}  // namespace quantscope
