// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/clip_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope::scalar {

namespace {

constexpr std::size_t lanes = 16;
constexpr std::size_t chunkFloats = 1024;

double shrinkOf(std::size_t candidate) {
    return 1.0 - static_cast<double>(candidate) / 100.0;
}

/// A candidate in units of the unshrunk scale, which keeps all numbers near 1 whatever the weights
/// are.
struct RelativeGrid {
    float steps = 0.0F;  ///< Unshrunk scale / scale.
    float low = 0.0F;    ///< Range of whole steps.
    float high = 0.0F;
    float shift = 0.0F;
    double scale = 0.0;  ///< Scale / unshrunk scale.
};

RelativeGrid relativeGrid(const UniformGrid& grid, double unshrunkScale) {
    return {static_cast<float>(unshrunkScale / grid.scale), static_cast<float>(-grid.offset),
            static_cast<float>(grid.maximumCode - grid.offset), static_cast<float>(grid.shift),
            grid.scale / unshrunkScale};
}

// Sum of squared errors of a chunk in squared steps; the chunk is filled up with zeros to whole
// lanes.
float squaredSteps(const float* relative, std::size_t count, const RelativeGrid& grid) {
    constexpr float magic = 0x1.8p23F;
    std::array<float, lanes> sums{};
    for (std::size_t i = 0; i < count; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const float position = relative[i + lane] * grid.steps + grid.shift;
            float level = (position + magic) - magic;
            level = level < grid.low ? grid.low : level;
            level = level > grid.high ? grid.high : level;
            const float error = position - level;
            sums[lane] += error * error;
        }
    }
    float total = 0.0F;
    for (const float sum : sums)
        total += sum;
    return total;
}

}  // namespace

void UnitRange::add(std::span<const float> weights) {
    std::array<float, lanes> lows{};
    std::array<float, lanes> highs{};
    std::array<double, lanes> sums{};
    const auto take = [&](std::size_t lane, float weight) {
        lows[lane] = weight < lows[lane] ? weight : lows[lane];
        highs[lane] = weight > highs[lane] ? weight : highs[lane];
        sums[lane] += std::abs(static_cast<double>(weight));
    };
    std::size_t i = 0;
    for (; i + lanes <= weights.size(); i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            take(lane, weights[i + lane]);
    }
    for (std::size_t lane = 0; i + lane < weights.size(); ++lane)
        take(lane, weights[i + lane]);
    low = std::min(low, *std::ranges::min_element(lows));
    high = std::max(high, *std::ranges::max_element(highs));
    for (const double sum : sums)
        sumOfMagnitudes += sum;
    count += static_cast<Index>(weights.size());
}

void UnitRange::merge(const UnitRange& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
    sumOfMagnitudes += other.sumOfMagnitudes;
    count += other.count;
}

bool GridRule::isBinary() const {
    return m_settings.bits == 1 && m_settings.scheme != Scheme::Asymmetric;
}

double GridRule::fullScale(const UnitRange& range) const {
    const double low = range.low;
    const double high = range.high;
    const double levels = m_settings.levelCount();
    if (isBinary()) {
        return range.count > 0 ? 2.0 * range.sumOfMagnitudes / static_cast<double>(range.count)
                               : 0.0;
    }
    switch (m_settings.scheme) {
        case Scheme::Symmetric:
            return std::max(-low, high) / (levels / 2.0 - 1.0);
        case Scheme::Asymmetric:
            return (high - low) / (levels - 1.0);
        case Scheme::MidRise:
            break;
    }
    return 2.0 * std::max(-low, high) / (levels - 1.0);
}

UniformGrid GridRule::grid(const UnitRange& range, double shrink) const {
    const double scale = m_format.rounded(fullScale(range) * shrink);
    const double zeroPoint = scale > 0.0 ? std::rint(-range.low * shrink / scale) : 0.0;
    return stored(scale, zeroPoint);
}

UniformGrid GridRule::stored(double scale, double zeroPoint) const {
    const double levels = m_settings.levelCount();
    if (m_settings.scheme == Scheme::Asymmetric) {
        return {scale, std::min(zeroPoint, levels - 1.0), 0.0, levels - 1.0};
    }
    if (isBinary() || m_settings.scheme == Scheme::MidRise) {
        return {scale, levels / 2.0 - 1.0, 0.5, levels - 1.0};
    }
    return {scale, levels / 2.0, 0.0, levels - 1.0};
}

void ClipErrors::add(std::span<const float> weights, const UnitRange& range, const GridRule& rule) {
    const double unshrunk = rule.grid(range).scale;
    if (!(unshrunk > 0.0)) return;
    std::array<RelativeGrid, candidates> grids;
    for (std::size_t k = 0; k < candidates; ++k) {
        const UniformGrid grid = rule.grid(range, shrinkOf(k));
        // A scale too small for the number format would turn every weight into 0.
        if (!(grid.scale > 0.0)) m_errors[k] = std::numeric_limits<double>::infinity();
        grids[k] = relativeGrid(grid, unshrunk);
    }
    std::array<float, chunkFloats> relative;
    for (std::size_t first = 0; first < weights.size(); first += chunkFloats) {
        const std::span<const float> chunk =
            weights.subspan(first, std::min(chunkFloats, weights.size() - first));
        const std::size_t padded = (chunk.size() + lanes - 1) / lanes * lanes;
        for (std::size_t i = 0; i < chunk.size(); ++i) {
            relative[i] = static_cast<float>(chunk[i] / unshrunk);
        }
        std::fill(relative.begin() + static_cast<Index>(chunk.size()),
                  relative.begin() + static_cast<Index>(padded), 0.0F);
        const auto fill = static_cast<double>(padded - chunk.size());
        for (std::size_t k = 0; k < candidates; ++k) {
            if (std::isinf(m_errors[k])) continue;
            const double scale = grids[k].scale;
            // Grids without a zero level err by half a step on the zeros that fill up the lanes.
            const double filled = fill * grids[k].shift * grids[k].shift;
            m_errors[k] +=
                (squaredSteps(relative.data(), padded, grids[k]) - filled) * scale * scale;
        }
    }
}

void ClipErrors::merge(const ClipErrors& other) {
    for (std::size_t k = 0; k < candidates; ++k)
        m_errors[k] += other.m_errors[k];
}

double ClipErrors::bestShrink() const {
    return shrinkOf(
        static_cast<std::size_t>(std::ranges::min_element(m_errors) - m_errors.begin()));
}

}  // namespace quantscope::scalar
