// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/uniform_codes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/finite_float.h"
#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/uniform_codes.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using IntTag = hn::RebindToSigned<FloatTag>;
using ByteTag = hn::Rebind<std::uint8_t, FloatTag>;
using Floats = hn::Vec<FloatTag>;

constexpr std::size_t laneCount = hn::MaxLanes(FloatTag());

// Positions of weights on the grid, in codes, within its ends. They are off by less than 2^-13
// steps: the reciprocal is rounded, its product with the weight (at most |zero| + 255 steps) and
// the sum may be.
constexpr float doubt = 0x1.0p-13F;

// Memory would idle while codes of rows in the cache are computed: meanwhile the weights that come
// so much later are fetched. Fetching what nobody owns does nothing.
constexpr std::size_t readAhead = 16384;

HWY_INLINE Floats positionsOf(const float* HWY_RESTRICT weights, const UniformSteps& steps,
                              float perStep) {
    const FloatTag tag;
    const Floats position =
        hn::MulAdd(hn::LoadU(tag, weights), hn::Set(tag, perStep), hn::Set(tag, steps.zero));
    return hn::Min(hn::Max(position, hn::Zero(tag)), hn::Set(tag, steps.largest));
}

// Adding 1.5 x 2^23 leaves the nearest whole number in the lowest bits.
constexpr float magic = 0x1.8p23F;

HWY_INLINE void storeCodes(Floats shifted, std::uint8_t* HWY_RESTRICT codes) {
    const IntTag ints;
    const ByteTag bytes;
    const auto code = hn::And(hn::BitCast(ints, shifted), hn::Set(ints, 0xFF));
    hn::StoreU(hn::DemoteTo(bytes, code), bytes, codes);
}

// How far a position lies from the nearest whole number.
HWY_INLINE Floats distanceOf(Floats position, Floats shifted) {
    const FloatTag tag;
    return hn::Abs(hn::Sub(position, hn::Sub(shifted, hn::Set(tag, magic))));
}

// Asks `codeOfTie` where a position lies too near the middle between two codes to tell them apart.
void settle(const float* HWY_RESTRICT weights, Floats distance, CodeOfTie codeOfTie,
            const void* grid, std::uint8_t* HWY_RESTRICT codes) {
    HWY_ALIGN float distances[laneCount];
    hn::Store(distance, FloatTag(), distances);
    for (std::size_t i = 0; i < laneCount; ++i) {
        if (distances[i] >= 0.5F - doubt) codes[i] = codeOfTie(grid, weights[i]);
    }
}

void encodeTarget(const float* HWY_RESTRICT weights, std::size_t count, const UniformSteps& steps,
                  CodeOfTie codeOfTie, const void* grid, std::uint8_t* HWY_RESTRICT codes) {
    const FloatTag tag;
    const Floats shift = hn::Set(tag, magic);
    const Floats tie = hn::Set(tag, 0.5F - doubt);
    const float perStep = 1.0F / steps.scale;
    std::size_t i = 0;
    // Two vectors at a time, with one question for both.
    for (; i + 2 * laneCount <= count; i += 2 * laneCount) {
        hwy::Prefetch(weights + i + readAhead);
        hwy::Prefetch(weights + i + readAhead + laneCount);
        const Floats first = positionsOf(weights + i, steps, perStep);
        const Floats second = positionsOf(weights + i + laneCount, steps, perStep);
        const Floats firstShifted = hn::Add(first, shift);
        const Floats secondShifted = hn::Add(second, shift);
        storeCodes(firstShifted, codes + i);
        storeCodes(secondShifted, codes + i + laneCount);
        const Floats firstDistance = distanceOf(first, firstShifted);
        const Floats secondDistance = distanceOf(second, secondShifted);
        if (HWY_LIKELY(hn::AllTrue(tag, hn::Lt(hn::Max(firstDistance, secondDistance), tie)))) {
            continue;
        }
        settle(weights + i, firstDistance, codeOfTie, grid, codes + i);
        settle(weights + i + laneCount, secondDistance, codeOfTie, grid, codes + i + laneCount);
    }
    for (; i < count; ++i)
        codes[i] = codeOfTie(grid, weights[i]);
}

void decodeTarget(const std::uint8_t* HWY_RESTRICT codes, std::size_t count,
                  const UniformSteps& steps, float* HWY_RESTRICT values) {
    const FloatTag tag;
    const IntTag ints;
    const ByteTag bytes;
    const Floats scale = hn::Set(tag, steps.scale);
    const Floats zero = hn::Set(tag, steps.zero);
    const Floats limit = hn::Set(tag, std::numeric_limits<float>::max());
    std::size_t i = 0;
    for (; i + laneCount <= count; i += laneCount) {
        const Floats code = hn::ConvertTo(tag, hn::PromoteTo(ints, hn::LoadU(bytes, codes + i)));
        const Floats value = hn::Mul(hn::Sub(code, zero), scale);
        hn::StoreU(hn::Min(hn::Max(value, hn::Neg(limit)), limit), tag, values + i);
    }
    for (; i < count; ++i) {
        values[i] =
            toFiniteFloat((static_cast<double>(codes[i]) - static_cast<double>(steps.zero)) *
                          static_cast<double>(steps.scale));
    }
}

void rangeTarget(const float* HWY_RESTRICT values, std::size_t count, ValueRange* range) {
    const FloatTag tag;
    float least = values[0];
    float most = values[0];
    std::size_t i = 0;
    if (count >= 2 * laneCount) {
        Floats lows = hn::LoadU(tag, values);
        Floats highs = lows;
        Floats otherLows = lows;
        Floats otherHighs = lows;
        for (; i + 2 * laneCount <= count; i += 2 * laneCount) {
            const Floats one = hn::LoadU(tag, values + i);
            const Floats two = hn::LoadU(tag, values + i + laneCount);
            lows = hn::Min(lows, one);
            highs = hn::Max(highs, one);
            otherLows = hn::Min(otherLows, two);
            otherHighs = hn::Max(otherHighs, two);
        }
        least = hn::GetLane(hn::MinOfLanes(tag, hn::Min(lows, otherLows)));
        most = hn::GetLane(hn::MaxOfLanes(tag, hn::Max(highs, otherHighs)));
    }
    for (; i < count; ++i) {
        least = std::min(least, values[i]);
        most = std::max(most, values[i]);
    }
    *range = {least, most};
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(encodeTarget);
HWY_EXPORT(decodeTarget);
HWY_EXPORT(rangeTarget);

}  // namespace

bool UniformSteps::canHold(double scale, double zero) {
    // Leaves room for the reciprocal and for the steps of the largest code.
    return scale > 0x1.0p-100 && scale < 0x1.0p100 && std::abs(zero) <= 256.0 &&
           static_cast<double>(static_cast<float>(scale)) == scale;
}

void encodeUniform(std::span<const float> weights, const UniformSteps& steps, CodeOfTie codeOfTie,
                   const void* grid, std::uint8_t* codes) {
    HWY_DYNAMIC_DISPATCH(encodeTarget)
    (weights.data(), weights.size(), steps, codeOfTie, grid, codes);
}

void decodeUniform(std::span<const std::uint8_t> codes, const UniformSteps& steps, float* values) {
    HWY_DYNAMIC_DISPATCH(decodeTarget)(codes.data(), codes.size(), steps, values);
}

ValueRange rangeOf(std::span<const float> values) {
    ValueRange range;
    HWY_DYNAMIC_DISPATCH(rangeTarget)(values.data(), values.size(), &range);
    return range;
}

}  // namespace quantscope
#endif
