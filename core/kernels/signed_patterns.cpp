// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/signed_patterns.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/signed_patterns.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef QUANTSCOPE_SIGNED_PATTERNS_ONCE
#define QUANTSCOPE_SIGNED_PATTERNS_ONCE

namespace quantscope {
namespace {

constexpr std::size_t components = 8;

// Patterns one after the other: 8 magnitudes, the squared norm, and -0 for an odd number of
// negative signs, else 0.
struct PatternList {
    const float* numbers;
    std::size_t stride;
    std::size_t count;
};

}  // namespace
}  // namespace quantscope

#endif

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using WordTag = hn::RebindToUnsigned<FloatTag>;
using Floats = hn::Vec<FloatTag>;

constexpr std::size_t laneCount = hn::MaxLanes(FloatTag());

// The vectors of a block, each in a lane.
struct Lanes {
    Floats magnitudes[components];
    Floats parity;  // Negative when the number of negative signs is odd.
    Floats squaredNorms;
};

HWY_INLINE Lanes lanesOf(const float* HWY_RESTRICT columns) {
    const FloatTag tag;
    const WordTag words;
    Lanes lanes;
    auto signs = hn::Zero(words);
    lanes.squaredNorms = hn::Zero(tag);
    for (std::size_t j = 0; j < components; ++j) {
        const Floats x = hn::Load(tag, columns + j * laneCount);
        lanes.magnitudes[j] = hn::Abs(x);
        signs = hn::Xor(signs, hn::BitCast(words, x));
        lanes.squaredNorms = hn::MulAdd(x, x, lanes.squaredNorms);
    }
    lanes.parity = hn::BitCast(tag, signs);
    return lanes;
}

void nearestTarget(const PatternList& list, const float* HWY_RESTRICT columns,
                   std::uint32_t* HWY_RESTRICT patterns, float* HWY_RESTRICT squaredDistances) {
    const FloatTag tag;
    const WordTag words;
    const Lanes x = lanesOf(columns);
    Floats best = hn::Set(tag, std::numeric_limits<float>::infinity());
    auto bestPattern = hn::Zero(words);
    const float* HWY_RESTRICT pattern = list.numbers;
    for (std::size_t p = 0; p < list.count; ++p, pattern += list.stride) {
        Floats sum = hn::Mul(x.magnitudes[0], hn::Set(tag, pattern[0]));
        Floats least = sum;
        for (std::size_t j = 1; j < components; ++j) {
            const Floats product = hn::Mul(x.magnitudes[j], hn::Set(tag, pattern[j]));
            sum = hn::Add(sum, product);
            least = hn::Min(least, product);
        }
        // Flipping a sign turns a product around.
        const Floats wrong = hn::Xor(x.parity, hn::Set(tag, pattern[components + 1]));
        sum = hn::Sub(sum, hn::IfNegativeThenElse(wrong, hn::Add(least, least), hn::Zero(tag)));
        const Floats cost =
            hn::NegMulAdd(hn::Set(tag, 2.0F), sum, hn::Set(tag, pattern[components]));
        const auto less = hn::Lt(cost, best);
        best = hn::Min(cost, best);
        bestPattern = hn::IfThenElse(hn::RebindMask(words, less),
                                     hn::Set(words, static_cast<std::uint32_t>(p)), bestPattern);
    }
    hn::StoreU(bestPattern, words, patterns);
    hn::StoreU(hn::Max(hn::Add(best, x.squaredNorms), hn::Zero(tag)), tag, squaredDistances);
}

std::size_t lanesTarget() {
    return laneCount;
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(nearestTarget);
HWY_EXPORT(lanesTarget);

constexpr std::size_t mostLanes = 16;

}  // namespace

SignedPatterns::SignedPatterns(MatrixView magnitudes, std::span<const bool> oddNegatives) {
    assert(magnitudes.cols == dim && magnitudes.rows == std::ssize(oddNegatives));
    for (Index p = 0; p < magnitudes.rows; ++p) {
        Pattern& pattern = m_patterns.emplace_back();
        std::ranges::copy(magnitudes.row(p), pattern.magnitudes.begin());
        for (const float magnitude : pattern.magnitudes)
            pattern.squaredNorm += magnitude * magnitude;
        pattern.odd = oddNegatives[static_cast<std::size_t>(p)] ? -0.0F : 0.0F;
    }
}

void SignedPatterns::nearest(MatrixView x, std::span<std::uint32_t> patterns,
                             std::span<float> squaredDistances) const {
    assert(x.cols == dim);
    assert(std::ssize(patterns) == x.rows && std::ssize(squaredDistances) == x.rows);
    const PatternList list{m_patterns.front().magnitudes.data(), sizeof(Pattern) / sizeof(float),
                           m_patterns.size()};
    const auto lanes = static_cast<Index>(HWY_DYNAMIC_DISPATCH(lanesTarget)());
    alignas(64) std::array<float, mostLanes * components> columns{};
    std::array<std::uint32_t, mostLanes> blockPatterns{};
    std::array<float, mostLanes> blockDistances{};
    for (Index first = 0; first < x.rows; first += lanes) {
        const Index count = std::min(lanes, x.rows - first);
        for (Index r = 0; r < count; ++r) {
            for (Index j = 0; j < dim; ++j)
                columns[static_cast<std::size_t>(j * lanes + r)] = x(first + r, j);
        }
        HWY_DYNAMIC_DISPATCH(nearestTarget)
        (list, columns.data(), blockPatterns.data(), blockDistances.data());
        std::copy_n(blockPatterns.begin(), count, patterns.begin() + first);
        std::copy_n(blockDistances.begin(), count, squaredDistances.begin() + first);
    }
}

std::array<float, SignedPatterns::dim> SignedPatterns::signedLike(std::span<const float> x,
                                                                  std::uint32_t pattern) const {
    const Pattern& like = m_patterns[pattern];
    std::array<float, dim> result{};
    bool odd = false;
    std::size_t cheapest = 0;
    for (std::size_t j = 0; j < components; ++j) {
        const bool negative = std::signbit(x[j]);
        odd = odd != negative;
        result[j] = negative ? -like.magnitudes[j] : like.magnitudes[j];
        if (x[j] * result[j] < x[cheapest] * result[cheapest]) cheapest = j;
    }
    if (odd != std::signbit(like.odd)) result[cheapest] = -result[cheapest];
    return result;
}

}  // namespace quantscope
#endif
