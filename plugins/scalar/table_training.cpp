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

}  // namespace

ScaledHistogram::ScaledHistogram() : m_cells(2 * keysPerSign + 1) {}

void ScaledHistogram::add(std::span<const float> weights, double scale) {
    if (!(scale > 0.0)) return;
    const double mass = scale * scale;
    for (const float weight : weights) {
        const double relative = weight / scale;
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

LevelTable ScaledHistogram::trainedTable(std::uint32_t levels, bool half) const {
    std::vector<WeightedPoint> points;
    for (const Cell& cell : m_cells) {
        if (cell.mass > 0.0) points.push_back({cell.first / cell.mass, cell.mass});
    }
    std::vector<float> stored;
    for (const double level : lloydMaxLevels(points, static_cast<int>(levels))) {
        const auto value = static_cast<float>(level);
        stored.push_back(half ? fromFloat16(toFloat16(value)) : value);
    }
    return LevelTable(std::move(stored));
}

void ScaleFit::add(std::span<const float> weights, double scale, const LevelTable& table) {
    if (!(scale > 0.0)) return;
    for (const float weight : weights) {
        const double level = table.levels()[table.code(weight / scale)];
        weightsByLevels += weight * level;
        levelsSquared += level * level;
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
