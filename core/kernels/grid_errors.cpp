// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/grid_errors.h"

#include <array>
#include <numeric>

#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set, and without fusing products and sums, so that all
// of them give the same bits.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/grid_errors.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, gridErrorLanes>;
using Floats = hn::Vec<FloatTag>;

constexpr std::size_t laneCount = hn::MaxLanes(FloatTag());
constexpr std::size_t vectorCount = gridErrorLanes / laneCount;

template <bool Weighed>
float sumOf(const float* HWY_RESTRICT values, const float* HWY_RESTRICT importance,
            std::size_t count, const StepGrid& grid) {
    const FloatTag tag;
    const Floats steps = hn::Set(tag, grid.steps);
    const Floats shift = hn::Set(tag, grid.shift);
    const Floats low = hn::Set(tag, grid.low);
    const Floats high = hn::Set(tag, grid.high);
    const Floats magic = hn::Set(tag, 0x1.8p23F);
    Floats sums[vectorCount];
    for (Floats& sum : sums)
        sum = hn::Zero(tag);
    for (std::size_t i = 0; i < count; i += gridErrorLanes) {
        for (std::size_t v = 0; v < vectorCount; ++v) {
            const std::size_t at = i + v * laneCount;
            const Floats position = hn::Add(hn::Mul(hn::LoadU(tag, values + at), steps), shift);
            const Floats level = hn::Sub(hn::Add(position, magic), magic);
            const Floats error = hn::Sub(position, hn::Min(hn::Max(level, low), high));
            Floats square = hn::Mul(error, error);
            if constexpr (Weighed) square = hn::Mul(hn::LoadU(tag, importance + at), square);
            sums[v] = hn::Add(sums[v], square);
        }
    }
    HWY_ALIGN std::array<float, gridErrorLanes> lanes;
    for (std::size_t v = 0; v < vectorCount; ++v)
        hn::StoreU(sums[v], tag, lanes.data() + v * laneCount);
    return std::accumulate(lanes.begin(), lanes.end(), 0.0F);
}

float errorsTarget(const float* HWY_RESTRICT values, const float* HWY_RESTRICT importance,
                   std::size_t count, const StepGrid& grid) {
    return importance != nullptr ? sumOf<true>(values, importance, count, grid)
                                 : sumOf<false>(values, importance, count, grid);
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(errorsTarget);

}  // namespace

float squaredGridErrors(const float* values, const float* importance, std::size_t count,
                        const StepGrid& grid) {
    return HWY_DYNAMIC_DISPATCH(errorsTarget)(values, importance, count, grid);
}

}  // namespace quantscope
#endif
