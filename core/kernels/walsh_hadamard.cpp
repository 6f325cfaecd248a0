// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/walsh_hadamard.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/walsh_hadamard.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using IntTag = hn::RebindToSigned<FloatTag>;
using Floats = hn::Vec<FloatTag>;

constexpr std::size_t laneCount = hn::MaxLanes(FloatTag());

// Sums and differences of lanes `Distance` apart: the partner's value plus or minus the own one.
template <std::size_t Distance>
HWY_INLINE Floats butterflyOfLanes(Floats values) {
    const FloatTag tag;
    const IntTag ints;
    const auto lane = hn::Iota(ints, 0);
    const auto distance = hn::Set(ints, static_cast<std::int32_t>(Distance));
    const Floats partners =
        hn::TableLookupLanes(values, hn::IndicesFromVec(tag, hn::Xor(lane, distance)));
    const auto isLower = hn::Eq(hn::And(lane, distance), hn::Zero(ints));
    const Floats signs =
        hn::IfThenElse(hn::RebindMask(tag, isLower), hn::Set(tag, 1.0F), hn::Set(tag, -1.0F));
    return hn::MulAdd(values, signs, partners);
}

template <std::size_t... Levels>
HWY_INLINE Floats transformLanes(Floats values, std::index_sequence<Levels...>) {
    ((values = butterflyOfLanes<std::size_t{1} << Levels>(values)), ...);
    return values;
}

// Levels inside of vectors, and the factor of the whole transform.
void firstPass(float* HWY_RESTRICT values, std::size_t count, float factor) {
    const FloatTag tag;
    constexpr auto levels =
        std::make_index_sequence<static_cast<std::size_t>(std::bit_width(laneCount)) - 1>();
    const Floats scale = hn::Set(tag, factor);
    for (std::size_t i = 0; i < count; i += laneCount) {
        const Floats lanes = hn::Mul(hn::LoadU(tag, values + i), scale);
        hn::StoreU(transformLanes(lanes, levels), tag, values + i);
    }
}

// One level: pairs `distance` apart, at least a vector.
void pairPass(float* HWY_RESTRICT values, std::size_t count, std::size_t distance) {
    const FloatTag tag;
    for (std::size_t block = 0; block < count; block += 2 * distance) {
        for (std::size_t i = block; i < block + distance; i += laneCount) {
            const Floats a = hn::LoadU(tag, values + i);
            const Floats b = hn::LoadU(tag, values + i + distance);
            hn::StoreU(hn::Add(a, b), tag, values + i);
            hn::StoreU(hn::Sub(a, b), tag, values + i + distance);
        }
    }
}

// Two levels at once: distances `distance` and twice that.
void quadPass(float* HWY_RESTRICT values, std::size_t count, std::size_t distance) {
    const FloatTag tag;
    for (std::size_t block = 0; block < count; block += 4 * distance) {
        for (std::size_t i = block; i < block + distance; i += laneCount) {
            const Floats a = hn::LoadU(tag, values + i);
            const Floats b = hn::LoadU(tag, values + i + distance);
            const Floats c = hn::LoadU(tag, values + i + 2 * distance);
            const Floats d = hn::LoadU(tag, values + i + 3 * distance);
            const Floats sumLow = hn::Add(a, b);
            const Floats differenceLow = hn::Sub(a, b);
            const Floats sumHigh = hn::Add(c, d);
            const Floats differenceHigh = hn::Sub(c, d);
            hn::StoreU(hn::Add(sumLow, sumHigh), tag, values + i);
            hn::StoreU(hn::Add(differenceLow, differenceHigh), tag, values + i + distance);
            hn::StoreU(hn::Sub(sumLow, sumHigh), tag, values + i + 2 * distance);
            hn::StoreU(hn::Sub(differenceLow, differenceHigh), tag, values + i + 3 * distance);
        }
    }
}

void plainTransform(float* values, std::size_t count, float factor) {
    for (std::size_t i = 0; i < count; ++i)
        values[i] *= factor;
    for (std::size_t distance = 1; distance < count; distance *= 2) {
        for (std::size_t i = 0; i < count; ++i) {
            if ((i & distance) != 0) continue;
            const float a = values[i];
            const float b = values[i + distance];
            values[i] = a + b;
            values[i + distance] = a - b;
        }
    }
}

void transformTarget(float* values, std::size_t count, float factor) {
    if (count < laneCount) return plainTransform(values, count, factor);
    firstPass(values, count, factor);
    std::size_t distance = laneCount;
    for (; 4 * distance <= count; distance *= 4)
        quadPass(values, count, distance);
    if (distance < count) pairPass(values, count, distance);
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(transformTarget);

}  // namespace

void walshHadamard(std::span<float> values) {
    assert(std::has_single_bit(values.size()));
    const auto factor = static_cast<float>(1.0 / std::sqrt(static_cast<double>(values.size())));
    HWY_DYNAMIC_DISPATCH(transformTarget)(values.data(), values.size(), factor);
}

}  // namespace quantscope
#endif
