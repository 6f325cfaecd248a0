// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/clip_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/float16.h"
#include "core/kernels/grid_errors.h"
#include "core/kernels/uniform_codes.h"

namespace quantscope::scalar {

namespace {

constexpr std::size_t lanes = gridErrorLanes;
constexpr std::size_t chunkFloats = 1024;

double shrinkOf(std::size_t candidate) {
    return 1.0 - static_cast<double>(candidate) / 100.0;
}

/// A candidate in units of the unshrunk scale about the unit's origin, which keeps all numbers near
/// 1 whatever the weights are.
struct Candidate {
    StepGrid grid;
    double scale = 0.0;  ///< Scale / unshrunk scale.
};

Candidate candidateFrom(const UniformGrid& grid, double unshrunkScale, double origin) {
    // The origin lies whole steps away from where codes count from, and the rest of a step.
    const double position = grid.scale > 0.0 ? origin / grid.scale + grid.shift : grid.shift;
    const double whole = origin == 0.0 ? 0.0 : std::floor(position);
    return {
        {static_cast<float>(unshrunkScale / grid.scale), static_cast<float>(-grid.offset - whole),
         static_cast<float>(grid.maximumCode - grid.offset - whole),
         static_cast<float>(position - whole)},
        grid.scale / unshrunkScale};
}

}  // namespace

void UnitRange::add(std::span<const float> weights) {
    if (weights.empty()) return;
    const ValueRange range = rangeOf(weights);
    least = std::min(least, range.least);
    most = std::max(most, range.most);
    count += static_cast<Index>(weights.size());
}

void UnitRange::addMagnitudes(std::span<const float> weights) {
    std::array<double, lanes> sums{};
    for (std::size_t i = 0; i < weights.size(); ++i)
        sums[i % lanes] += std::abs(static_cast<double>(weights[i]));
    sumOfMagnitudes = std::accumulate(sums.begin(), sums.end(), sumOfMagnitudes);
}

void UnitRange::merge(const UnitRange& other) {
    least = std::min(least, other.least);
    most = std::max(most, other.most);
    sumOfMagnitudes += other.sumOfMagnitudes;
    count += other.count;
}

bool GridRule::isBinary() const {
    return m_settings.bits == 1 &&
           (m_settings.scheme == Scheme::Symmetric || m_settings.scheme == Scheme::MidRise);
}

double GridRule::fullScale(const UnitRange& range) const {
    const double levels = m_settings.levelCount();
    if (isBinary()) {
        return range.count > 0 ? 2.0 * range.sumOfMagnitudes / static_cast<double>(range.count)
                               : 0.0;
    }
    switch (m_settings.scheme) {
        case Scheme::Symmetric:
            return range.extent() / (levels / 2.0 - 1.0);
        case Scheme::Asymmetric:
            return (range.high() - range.low()) / (levels - 1.0);
        case Scheme::MidRise:
        case Scheme::Range:
            break;
    }
    return 2.0 * range.extent() / (levels - 1.0);
}

UniformGrid GridRule::rangeGrid(const UnitRange& range, double shrink) const {
    if (range.count == 0) return stored(0.0, 0.0);
    const double middle = (static_cast<double>(range.least) + range.most) / 2.0;
    const double reach = shrink * (static_cast<double>(range.most) - range.least) / 2.0;
    // A zero point beyond these would not tell one step from the next in its number format. So the
    // steps of weights that hardly differ are wider than they need to be.
    const bool isHalf = m_settings.zeroBits() == 16;
    const double largestZero = isHalf ? 0x1.0p15 : 0x1.0p23;
    const double scale = m_format.rounded(std::max(2.0 * reach / (m_settings.levelCount() - 1.0),
                                                   (std::abs(middle) + reach) / largestZero));
    if (!(scale > 0.0)) return stored(0.0, 0.0);
    const auto zero = static_cast<float>((reach - middle) / scale);
    return stored(scale, isHalf ? fromFloat16(toFloat16(zero)) : zero);
}

double GridRule::origin(const UnitRange& range) const {
    return m_settings.scheme == Scheme::Range
               ? (static_cast<double>(range.least) + range.most) / 2.0
               : 0.0;
}

UniformGrid GridRule::grid(const UnitRange& range, double shrink) const {
    if (m_settings.scheme == Scheme::Range) return rangeGrid(range, shrink);
    const double scale = m_format.rounded(fullScale(range) * shrink);
    const double zeroPoint = scale > 0.0 ? std::rint(-range.low() * shrink / scale) : 0.0;
    return stored(scale, zeroPoint);
}

UniformGrid GridRule::stored(double scale, double zeroPoint) const {
    const double levels = m_settings.levelCount();
    if (m_settings.scheme == Scheme::Range) return {scale, 0.0, zeroPoint, levels - 1.0};
    if (m_settings.scheme == Scheme::Asymmetric) {
        return {scale, std::min(zeroPoint, levels - 1.0), 0.0, levels - 1.0};
    }
    if (isBinary() || m_settings.scheme == Scheme::MidRise) {
        return {scale, levels / 2.0 - 1.0, 0.5, levels - 1.0};
    }
    return {scale, levels / 2.0, 0.0, levels - 1.0};
}

void ClipErrors::add(std::span<const float> weights, std::span<const float> importance,
                     const UnitRange& range, const GridRule& rule) {
    const double unshrunk = rule.grid(range).scale;
    if (!(unshrunk > 0.0)) return;
    const double origin = rule.origin(range);
    std::array<Candidate, candidates> tried;
    for (std::size_t k = 0; k < candidates; ++k) {
        const UniformGrid grid = rule.grid(range, shrinkOf(k));
        // A scale too small for the number format would turn every weight into 0.
        if (!(grid.scale > 0.0)) m_errors[k] = std::numeric_limits<double>::infinity();
        tried[k] = candidateFrom(grid, unshrunk, origin);
    }
    std::array<float, chunkFloats> relative;
    std::array<float, chunkFloats> shares;
    for (std::size_t first = 0; first < weights.size(); first += chunkFloats) {
        const std::span<const float> chunk =
            weights.subspan(first, std::min(chunkFloats, weights.size() - first));
        const std::size_t padded = (chunk.size() + lanes - 1) / lanes * lanes;
        for (std::size_t i = 0; i < chunk.size(); ++i)
            relative[i] = static_cast<float>((chunk[i] - origin) / unshrunk);
        std::fill(relative.begin() + std::ssize(chunk),
                  relative.begin() + static_cast<Index>(padded), 0.0F);
        if (!importance.empty()) {
            std::ranges::copy(importance.subspan(first, chunk.size()), shares.begin());
            std::fill(shares.begin() + std::ssize(chunk),
                      shares.begin() + static_cast<Index>(padded), 0.0F);
        }
        const float* const weighed = importance.empty() ? nullptr : shares.data();
        // Grids without a zero level err on the zeros that fill up the lanes.
        const auto fill = importance.empty() ? static_cast<double>(padded - chunk.size()) : 0.0;
        for (std::size_t k = 0; k < candidates; ++k) {
            if (std::isinf(m_errors[k])) continue;
            const auto& [grid, scale] = tried[k];
            const double steps = squaredGridErrors(relative.data(), weighed, padded, grid) -
                                 fill * grid.squaredError(0.0F);
            m_errors[k] += steps * scale * scale;
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
