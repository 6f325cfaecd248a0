// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kquant/superblock.h"

#include <algorithm>
#include <cmath>

#include "core/base/float16.h"

namespace quantscope::kquant {

namespace {

using Fits = std::vector<PartFit>;

std::span<const float> partOf(std::span<const float> all, const Layout& layout, std::size_t part) {
    const auto size = static_cast<std::size_t>(layout.part);
    return all.subspan(part * size, size);
}

std::uint32_t step(float value, float unit, float low, float high) {
    const float steps = unit != 0.0F ? std::round(value / unit) : 0.0F;
    return static_cast<std::uint32_t>(std::clamp(steps, low, high) - low);
}

// The largest scale, or minimum, gets the largest number of steps.
float positiveUnit(const Layout& layout, const Fits& fits, float PartFit::*field) {
    float largest = 0.0F;
    for (const PartFit& fit : fits)
        largest = std::max(largest, fit.*field);
    return largest / static_cast<float>((1 << layout.scaleBits) - 1);
}

// Signed scales: the one largest in magnitude gets the lowest number, which reaches farthest.
float signedUnit(const Layout& layout, const Fits& fits) {
    float extreme = 0.0F;
    for (const PartFit& fit : fits) {
        if (std::abs(fit.scale) > std::abs(extreme)) extreme = fit.scale;
    }
    return extreme / -static_cast<float>(1 << (layout.scaleBits - 1));
}

void storeFits(const Layout& layout, const Fits& fits, Superblock& block) {
    block.floats.clear();
    block.scales.clear();
    block.minima.clear();
    if (!layout.hasParts()) {
        block.floats.push_back(toFloat16(fits.front().scale));
        if (layout.isAffine()) block.floats.push_back(toFloat16(fits.front().minimum));
        return;
    }
    const auto top = static_cast<float>((1 << layout.scaleBits) - 1);
    const auto half = static_cast<float>(1 << (layout.scaleBits - 1));
    block.floats.push_back(toFloat16(layout.isAffine() ? positiveUnit(layout, fits, &PartFit::scale)
                                                       : signedUnit(layout, fits)));
    if (layout.isAffine()) {
        block.floats.push_back(toFloat16(positiveUnit(layout, fits, &PartFit::minimum)));
    }
    const float unit = fromFloat16(block.floats.front());
    for (const PartFit& fit : fits) {
        if (layout.isAffine()) {
            block.scales.push_back(step(fit.scale, unit, 0.0F, top));
            block.minima.push_back(step(fit.minimum, fromFloat16(block.floats.back()), 0.0F, top));
        } else {
            block.scales.push_back(step(fit.scale, unit, -half, half - 1.0F));
        }
    }
}

}  // namespace

PartFit storedFit(const Layout& layout, const Superblock& block, std::size_t part) {
    const float scale = fromFloat16(block.floats.front());
    const float minimum = layout.isAffine() ? fromFloat16(block.floats.back()) : 0.0F;
    if (!layout.hasParts()) return {scale, minimum};
    const auto steps = static_cast<float>(block.scales[part]);
    if (layout.isAffine()) return {scale * steps, minimum * static_cast<float>(block.minima[part])};
    return {scale * (steps - static_cast<float>(1 << (layout.scaleBits - 1))), 0.0F};
}

Superblock encodeSuperblock(const Layout& layout, std::span<const float> values,
                            std::span<const float> weights) {
    const auto parts = static_cast<std::size_t>(layout.parts());
    Fits fits;
    for (std::size_t part = 0; part < parts; ++part) {
        fits.push_back(
            fitPart(layout, partOf(values, layout, part), partOf(weights, layout, part)));
    }
    Superblock block;
    storeFits(layout, fits, block);
    block.codes.reserve(values.size());
    std::vector<float> levels(static_cast<std::size_t>(layout.part));
    for (std::size_t part = 0; part < parts; ++part) {
        nearestCodes(layout, partOf(values, layout, part), storedFit(layout, block, part), levels);
        for (const float level : levels)
            block.codes.push_back(codeOf(layout, level));
    }
    return block;
}

}  // namespace quantscope::kquant
