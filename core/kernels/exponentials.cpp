// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/exponentials.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/exponentials.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// Only after that.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using Floats = hn::Vec<FloatTag>;
constexpr std::size_t lanes = hn::MaxLanes(FloatTag());

// Below this exp() is 0 in single precision, so lanes behind the end count nothing.
constexpr float farBelow = -1e4F;

// Calls body(values) on whole vectors; the last one is filled up with `fill`, and what body returns
// is stored back.
template <typename Body>
void transform(float* values, std::size_t count, float fill, const Body& body) {
    const FloatTag tag;
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes)
        hn::StoreU(body(hn::LoadU(tag, values + i), i), tag, values + i);
    if (i == count) return;
    float rest[lanes];
    std::fill(std::copy(values + i, values + count, rest), rest + lanes, fill);
    hn::StoreU(body(hn::LoadU(tag, rest), i), tag, rest);
    std::copy(rest, rest + (count - i), values + i);
}

float largestOf(const float* values, std::size_t count) {
    const FloatTag tag;
    if (count < lanes) return *std::max_element(values, values + count);
    Floats largest = hn::LoadU(tag, values);
    for (std::size_t i = lanes; i + lanes <= count; i += lanes)
        largest = hn::Max(largest, hn::LoadU(tag, values + i));
    // The last whole vector covers the rest.
    largest = hn::Max(largest, hn::LoadU(tag, values + count - lanes));
    return hn::GetLane(hn::MaxOfLanes(tag, largest));
}

void softmaxOf(float* values, std::size_t count) {
    const FloatTag tag;
    const Floats largest = hn::Set(tag, largestOf(values, count));
    Floats sum = hn::Zero(tag);
    transform(values, count, farBelow, [&](Floats x, std::size_t) {
        const Floats power = hn::Exp(tag, hn::Max(hn::Sub(x, largest), hn::Set(tag, farBelow)));
        sum = hn::Add(sum, power);
        return power;
    });
    const Floats factor = hn::Set(tag, 1.0F / hn::GetLane(hn::SumOfLanes(tag, sum)));
    transform(values, count, 0.0F, [&](Floats x, std::size_t) { return hn::Mul(x, factor); });
}

double sumOfExp(const float* values, std::size_t count, float largest) {
    const FloatTag tag;
    const Floats shift = hn::Set(tag, largest);
    const Floats lowest = hn::Set(tag, farBelow);
    double total = 0.0;
    // Sums of a few hundred terms lose nothing that counts in single precision.
    constexpr std::size_t run = 32 * lanes;
    for (std::size_t first = 0; first < count; first += run) {
        const std::size_t end = std::min(count, first + run);
        Floats sum = hn::Zero(tag);
        std::size_t i = first;
        for (; i + lanes <= end; i += lanes) {
            const Floats x = hn::Sub(hn::LoadU(tag, values + i), shift);
            sum = hn::Add(sum, hn::Exp(tag, hn::Max(x, lowest)));
        }
        total += static_cast<double>(hn::GetLane(hn::SumOfLanes(tag, sum)));
        for (; i < end; ++i)
            total += std::exp(static_cast<double>(values[i] - largest));
    }
    return total;
}

void multiplySiluOf(float* gate, const float* factor, std::size_t count) {
    const FloatTag tag;
    // exp(-x) overflows in single precision beyond this, where silu is 0 to all digits anyway.
    const Floats largest = hn::Set(tag, 87.0F);
    float padded[lanes] = {};
    transform(gate, count, 0.0F, [&](Floats x, std::size_t i) {
        const float* place = factor + i;
        if (count - i < lanes) {
            std::copy(place, place + (count - i), padded);
            place = padded;
        }
        const Floats power = hn::Exp(tag, hn::Min(hn::Neg(x), largest));
        const Floats silu = hn::Div(x, hn::Add(hn::Set(tag, 1.0F), power));
        return hn::Mul(silu, hn::LoadU(tag, place));
    });
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quantscope {

HWY_EXPORT(softmaxOf);
HWY_EXPORT(sumOfExp);
HWY_EXPORT(multiplySiluOf);

void softmax(std::span<float> values) {
    HWY_DYNAMIC_DISPATCH(softmaxOf)(values.data(), values.size());
}

double logSumExp(std::span<const float> values) {
    const float largest = *std::ranges::max_element(values);
    return static_cast<double>(largest) +
           std::log(HWY_DYNAMIC_DISPATCH(sumOfExp)(values.data(), values.size(), largest));
}

void multiplySilu(std::span<float> gate, std::span<const float> factor) {
    assert(gate.size() == factor.size());
    HWY_DYNAMIC_DISPATCH(multiplySiluOf)(gate.data(), factor.data(), gate.size());
}

}  // namespace quantscope
#endif
