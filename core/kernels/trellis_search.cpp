// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/trellis_search.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/trellis_search.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef QUANTSCOPE_TRELLIS_ONCE
#define QUANTSCOPE_TRELLIS_ONCE

namespace quantscope {
namespace {

constexpr int largestShift = 8;
constexpr std::size_t mostValues = 2;

// One step from all states to all states. The states that lead to a state differ in their upper k
// bits only, and the 2^k states that share their upper L - k bits (a group) have the same
// predecessors: predecessor p of group g is state p * groups + g.
struct Step {
    const float* costs;  // 2^L, of the states before
    float* next;         // 2^L
    std::uint8_t* from;  // one per group
    std::size_t groups;  // 2^(L - k)
    const float* values[mostValues];
    float targets[mostValues];
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
using IntTag = hn::RebindToSigned<FloatTag>;
using ByteTag = hn::Rebind<std::uint8_t, FloatTag>;
using Floats = hn::Vec<FloatTag>;

constexpr std::size_t laneCount = hn::MaxLanes(FloatTag());

// The number of the best predecessor travels in the lowest bits of its cost, so that finding it
// takes a minimum and nothing else.
template <int Shift>
HWY_INLINE Floats bestCosts(const Step& step, std::size_t group) {
    constexpr std::uint32_t numberMask = (1U << Shift) - 1U;
    const FloatTag tag;
    const WordTag words;
    const auto keep = hn::Set(words, ~numberMask);
    Floats best =
        hn::BitCast(tag, hn::And(hn::BitCast(words, hn::Load(tag, step.costs + group)), keep));
    for (std::size_t p = 1; p <= numberMask; ++p) {
        const auto cost = hn::BitCast(words, hn::Load(tag, step.costs + p * step.groups + group));
        const auto number = hn::Set(words, static_cast<std::uint32_t>(p));
        best = hn::Min(best, hn::BitCast(tag, hn::OrAnd(number, cost, keep)));
    }
    return best;
}

// Which group of the block each lane of output vector `vector` belongs to.
template <int Shift>
HWY_INLINE auto groupIndices(std::size_t vector) {
    const IntTag ints;
    const auto first = hn::Iota(ints, static_cast<std::int32_t>(vector * laneCount));
    return hn::IndicesFromVec(FloatTag(), hn::ShiftRight<Shift>(first));
}

template <std::size_t Values>
HWY_INLINE Floats addErrors(const Step& step, std::size_t state, Floats cost) {
    const FloatTag tag;
    for (std::size_t v = 0; v < Values; ++v) {
        const Floats error =
            hn::Sub(hn::Set(tag, step.targets[v]), hn::Load(tag, step.values[v] + state));
        cost = hn::MulAdd(error, error, cost);
    }
    return cost;
}

// Needs at least a vector of groups.
template <int Shift, std::size_t Values>
void vectorStep(const Step& step) {
    constexpr std::size_t fan = std::size_t{1} << Shift;
    const FloatTag tag;
    const WordTag words;
    const auto numberMask = hn::Set(words, static_cast<std::uint32_t>(fan - 1));
    for (std::size_t group = 0; group < step.groups; group += laneCount) {
        const Floats best = bestCosts<Shift>(step, group);
        const auto number = hn::And(hn::BitCast(words, best), numberMask);
        hn::StoreU(hn::DemoteTo(ByteTag(), hn::BitCast(IntTag(), number)), ByteTag(),
                   step.from + group);
        HWY_ALIGN float lanes[laneCount];
        if constexpr (fan >= laneCount) hn::Store(best, tag, lanes);
        for (std::size_t vector = 0; vector < fan; ++vector) {
            const std::size_t state = group * fan + vector * laneCount;
            Floats cost;
            if constexpr (fan >= laneCount) {
                // All lanes belong to one group.
                cost = hn::Set(tag, lanes[vector * laneCount / fan]);
            } else {
                cost = hn::TableLookupLanes(best, groupIndices<Shift>(vector));
            }
            hn::Store(addErrors<Values>(step, state, cost), tag, step.next + state);
        }
    }
}

template <std::size_t Values>
void scalarStep(const Step& step, int shift) {
    const std::size_t fan = std::size_t{1} << shift;
    const std::uint32_t keep = ~static_cast<std::uint32_t>(fan - 1);
    for (std::size_t group = 0; group < step.groups; ++group) {
        float best = std::numeric_limits<float>::infinity();
        for (std::size_t p = 0; p < fan; ++p) {
            const auto cost = std::bit_cast<std::uint32_t>(step.costs[p * step.groups + group]);
            const auto numbered =
                std::bit_cast<float>((cost & keep) | static_cast<std::uint32_t>(p));
            best = numbered < best ? numbered : best;
        }
        step.from[group] = static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(best) & ~keep);
        for (std::size_t state = group * fan; state < (group + 1) * fan; ++state) {
            float cost = best;
            for (std::size_t v = 0; v < Values; ++v) {
                const float error = step.targets[v] - step.values[v][state];
                cost += error * error;
            }
            step.next[state] = cost;
        }
    }
}

template <std::size_t Values>
void stepFor(const Step& step, int shift) {
    if (step.groups < laneCount) return scalarStep<Values>(step, shift);
    switch (shift) {
        case 1:
            return vectorStep<1, Values>(step);
        case 2:
            return vectorStep<2, Values>(step);
        case 3:
            return vectorStep<3, Values>(step);
        case 4:
            return vectorStep<4, Values>(step);
        case 5:
            return vectorStep<5, Values>(step);
        case 6:
            return vectorStep<6, Values>(step);
        case 7:
            return vectorStep<7, Values>(step);
        default:
            return vectorStep<8, Values>(step);
    }
}

void stepTarget(const Step& step, int shift, std::size_t values) {
    if (values == 1) {
        stepFor<1>(step, shift);
    } else {
        stepFor<2>(step, shift);
    }
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(stepTarget);

// Far above every path's cost, and still a number when its lowest bits are replaced.
constexpr float unreachable = 1e30F;

}  // namespace

TrellisSearch::TrellisSearch(int stateBits, MatrixView values) : m_stateBits(stateBits) {
    assert(stateBits >= 2 && stateBits <= 16);
    assert(values.cols == Index{1} << stateBits);
    assert(values.rows == 1 || values.rows == static_cast<Index>(mostValues));
    constexpr std::size_t lineLength = std::tuple_size_v<decltype(Line::numbers)>;
    const std::size_t lines = ((std::size_t{1} << stateBits) + lineLength - 1) / lineLength;
    m_costs.resize(lines);
    m_next.resize(lines);
    for (Index v = 0; v < values.rows; ++v) {
        m_values.emplace_back(lines);
        std::ranges::copy(values.row(v), m_values.back().front().numbers.data());
    }
}

void TrellisSearch::start(std::optional<std::uint32_t> overlap) {
    const std::size_t states = std::size_t{1} << m_stateBits;
    float* costs = m_costs.front().numbers.data();
    std::fill(costs, costs + states, overlap ? unreachable : 0.0F);
    if (!overlap) return;
    // The upper bits of the first state are the lower ones of the state before it.
    assert(*overlap < states);
    costs[*overlap] = 0.0F;
}

std::uint32_t TrellisSearch::bestEnd(int firstShift, std::optional<std::uint32_t> overlap) const {
    const auto states = std::uint32_t{1} << m_stateBits;
    const float* costs = m_costs.front().numbers.data();
    if (!overlap)
        return static_cast<std::uint32_t>(std::min_element(costs, costs + states) - costs);
    std::uint32_t best = *overlap;
    for (std::uint32_t state = *overlap; state < states; state += states >> firstShift) {
        if (costs[state] < costs[best]) best = state;
    }
    return best;
}

void TrellisSearch::solve(std::span<const float> targets, std::span<const std::uint8_t> shifts,
                          std::optional<std::uint32_t> overlap, TrellisPath& path) {
    const std::size_t steps = shifts.size();
    const std::size_t values = m_values.size();
    assert(steps > 0 && targets.size() == steps * values);
    const int leastShift = *std::ranges::min_element(shifts);
    assert(leastShift >= 1 && *std::ranges::max_element(shifts) <= largestShift);
    assert(*std::ranges::max_element(shifts) < m_stateBits);
    // Vectors of bytes are stored whole, so a few bytes behind the last group may be written.
    constexpr std::size_t slack = 16;
    const std::size_t mostGroups = std::size_t{1} << (m_stateBits - leastShift);
    m_from.resize(std::max(m_from.size(), steps * mostGroups + slack));
    start(overlap);
    for (std::size_t t = 0; t < steps; ++t) {
        Step step{m_costs.front().numbers.data(),
                  m_next.front().numbers.data(),
                  m_from.data() + t * mostGroups,
                  std::size_t{1} << (m_stateBits - shifts[t]),
                  {},
                  {}};
        for (std::size_t v = 0; v < values; ++v) {
            step.values[v] = m_values[v].front().numbers.data();
            step.targets[v] = targets[t * values + v];
        }
        HWY_DYNAMIC_DISPATCH(stepTarget)(step, shifts[t], values);
        std::swap(m_costs, m_next);
    }
    std::uint32_t state = bestEnd(shifts[0], overlap);
    path.squaredError = static_cast<double>(m_costs.front().numbers.data()[state]);
    path.states.resize(steps);
    for (std::size_t t = steps; t-- > 0;) {
        path.states[t] = state;
        const std::size_t group = state >> shifts[t];
        const std::uint32_t predecessor = m_from[t * mostGroups + group];
        state = predecessor << (m_stateBits - shifts[t]) | static_cast<std::uint32_t>(group);
    }
}

}  // namespace quantscope
#endif
