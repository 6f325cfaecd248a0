// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/table_training.h"

#include <bit>
#include <cmath>

#include "core/base/float16.h"
#include "core/quant/lloyd_max.h"

namespace quantscope::scalar {

namespace {

// Cells take sign, exponent and the upper 11 mantissa bits of a float between 2^-24 and 2^6;
// smaller magnitudes share the cell of zero, larger ones (possible with refitted scales) the
// outermost cells.
constexpr int mantissaBits = 11;
constexpr std::uint32_t firstKey = (127U - 24U) << mantissaBits;
constexpr std::uint32_t keysPerSign = 30U << mantissaBits;

std::size_t cellOf(float relative) {
    const auto bits = std::bit_cast<std::uint32_t>(relative);
    const std::uint32_t key = (bits & 0x7FFFFFFFU) >> (23 - mantissaBits);
    if (key < firstKey) return keysPerSign;
    const std::uint32_t distance = std::min(key - firstKey, keysPerSign - 1) + 1;
    return (bits >> 31) != 0 ? keysPerSign - distance : keysPerSign + distance;
}

double importanceAt(std::span<const float> importance, std::size_t i) {
    return importance.empty() ? 1.0 : static_cast<double>(importance[i]);
}

}  // namespace

ScaledHistogram::ScaledHistogram() : m_cells(2 * keysPerSign + 1) {}

void ScaledHistogram::add(std::span<const float> weights, std::span<const float> importance,
                          double scale) {
    if (!(scale > 0.0)) return;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double mass = scale * scale * importanceAt(importance, i);
        const double relative = weights[i] / scale;
        Cell& cell = m_cells[cellOf(static_cast<float>(relative))];
        cell.mass += mass;
        cell.first += mass * relative;
    }
}

void ScaledHistogram::merge(const ScaledHistogram& other) {
    for (std::size_t i = 0; i < m_cells.size(); ++i) {
        m_cells[i].mass += other.m_cells[i].mass;
        m_cells[i].first += other.m_cells[i].first;
    }
}

LevelTable ScaledHistogram::trainedTable(const ScalarSettings& settings,
                                         const std::stop_token& stop) const {
    std::vector<WeightedPoint> points;
    for (const Cell& cell : m_cells) {
        if (cell.mass > 0.0) points.push_back({cell.first / cell.mass, cell.mass});
    }
    const auto count = static_cast<int>(settings.levelCount());
    std::vector<float> stored;
    for (const double level : settings.levels == Levels::Optimal
                                  ? optimalLevels(points, count, stop)
                                  : lloydMaxLevels(points, count)) {
        const auto value = static_cast<float>(level);
        stored.push_back(settings.hasHalfTable() ? fromFloat16(toFloat16(value)) : value);
    }
    return LevelTable(std::move(stored));
}

std::uint64_t ScaledHistogram::searchBytes(std::uint32_t levels) {
    constexpr std::uint64_t cells = 2 * keysPerSign + 1;
    return cells * (sizeof(std::uint32_t) * (levels + 1) + 8 * sizeof(double));
}

void ScaleFit::add(std::span<const float> weights, std::span<const float> importance, double scale,
                   const LevelTable& table) {
    if (!(scale > 0.0)) return;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double level = table.levels()[table.code(weights[i] / scale)];
        const double weighed = importanceAt(importance, i) * level;
        weightsByLevels += weights[i] * weighed;
        levelsSquared += level * weighed;
    }
}

void ScaleFit::merge(const ScaleFit& other) {
    weightsByLevels += other.weightsByLevels;
    levelsSquared += other.levelsSquared;
}

double ScaleFit::scale() const {
    return levelsSquared > 0.0 ? weightsByLevels / levelsSquared : 0.0;
}

bool ScaleFit::improves(double present, double next) const {
    const auto excess = [this](double scale) {
        return scale * (scale * levelsSquared - 2.0 * weightsByLevels);
    };
    return next > 0.0 && excess(next) < excess(present);
}

}  // namespace quantscope::scalar
