// SPDX-License-Identifier: GPL-3.0-or-later
// What rows and codewords rank by, written to memory, and the choice of the best pairs among them,
// for kernels that are compiled once per instruction set.

#ifndef QUANTSCOPE_NEAREST_PAIRS_INL_ONCE
#define QUANTSCOPE_NEAREST_PAIRS_INL_ONCE

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/base/squared_norm.h"
#include "core/kernels/nearest.h"

namespace quantscope {

// The best pairs so far, best first, by (distance, row, codeword).
class BestPairs {
public:
    explicit BestPairs(std::span<CodewordMatch> matches) : m_matches(matches) {
        // What stays when distances are NaN is valid nevertheless.
        std::ranges::fill(matches, CodewordMatch{std::numeric_limits<float>::infinity(), 0, 0});
    }

    std::size_t wanted() const { return m_matches.size(); }

    // No pair above this can enter.
    float limit() const {
        return m_size < m_matches.size() ? std::numeric_limits<float>::infinity()
                                         : m_matches.back().squaredDistance;
    }

    void insert(const CodewordMatch& match) {
        if (m_size < m_matches.size()) {
            ++m_size;
        } else if (!comesBefore(match, m_matches.back())) {
            return;
        }
        std::size_t place = m_size - 1;
        for (; place > 0 && comesBefore(match, m_matches[place - 1]); --place) {
            m_matches[place] = m_matches[place - 1];
        }
        m_matches[place] = match;
    }

private:
    static bool comesBefore(const CodewordMatch& a, const CodewordMatch& b) {
        if (a.squaredDistance != b.squaredDistance) return a.squaredDistance < b.squaredDistance;
        return a.row != b.row ? a.row < b.row : a.codeword < b.codeword;
    }

    std::span<CodewordMatch> m_matches;
    std::size_t m_size = 0;
};

// Which codewords some distances belong to: those from `begin` on; there are `count` in all, and
// what lies behind them does not count.
struct CodewordRange {
    std::size_t begin = 0;
    std::size_t count = 0;
};

// Scratch of a choice.
struct PairCandidates {
    float* lowest;          // By lane and turn: see distanceLimit.
    std::uint32_t* places;  // Of candidates among the distances.
};

// Memory for the choice of `wanted` among `distances` pairs, on any instruction set.
class CandidateSpace {
public:
    CandidateSpace(std::size_t wanted, std::size_t distances)
        : m_lowest(2 * wanted + panelWidth), m_places(distances + panelWidth) {}

    PairCandidates candidates() { return {m_lowest.data(), m_places.data()}; }

private:
    std::vector<float> m_lowest;
    std::vector<std::uint32_t> m_places;
};

}  // namespace quantscope

#endif

#if defined(QUANTSCOPE_NEAREST_PAIRS_INL_TARGET) == defined(HWY_TARGET_TOGGLE)
#ifdef QUANTSCOPE_NEAREST_PAIRS_INL_TARGET
#undef QUANTSCOPE_NEAREST_PAIRS_INL_TARGET
#else
#define QUANTSCOPE_NEAREST_PAIRS_INL_TARGET
#endif

#include <hwy/highway.h>

#include "core/kernels/nearest_inl.h"

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {

// For pairs lanes are codewords: a beam has few rows. Register blocks of `pairRows` rows x
// `pairVectors` vectors of codewords.
constexpr std::size_t pairRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
constexpr std::size_t pairVectors = 2;
constexpr std::size_t pairCodewords = pairVectors * laneCount;
static_assert(panelRows % pairCodewords == 0);

// What `Rows` rows and one block of codewords rank by.
template <std::size_t Rows, bool Direct>
struct PairBlock {
    Floats sums[Rows][pairVectors];

    HWY_INLINE void compute(const SearchSpace& space, std::size_t codeword,
                            const float* HWY_RESTRICT rows) {
        const FloatTag tag;
        const float* HWY_RESTRICT codewords = codewordsAt(space, codeword);
        const float* HWY_RESTRICT bias = biasAt(space, codeword);
        for (std::size_t b = 0; b < pairVectors; ++b) {
            const Floats start = hn::Load(tag, bias + b * laneCount);
            for (std::size_t r = 0; r < Rows; ++r)
                sums[r][b] = start;
        }
        for (std::size_t j = 0; j < space.dim; ++j, codewords += panelRows) {
            Floats c[pairVectors];
            for (std::size_t b = 0; b < pairVectors; ++b)
                c[b] = hn::Load(tag, codewords + b * laneCount);
            for (std::size_t r = 0; r < Rows; ++r) {
                const Floats x = hn::Set(tag, rows[r * space.dim + j]);
                for (std::size_t b = 0; b < pairVectors; ++b)
                    sums[r][b] = addComponent<Direct>(x, c[b], sums[r][b]);
            }
        }
    }
};

// Copies rows minus offset side by side, so that the kernel reads them from one place.
HWY_INLINE void packRows(const MatrixView& x, const float* HWY_RESTRICT offset,
                         float* HWY_RESTRICT packed) {
    const FloatTag tag;
    const auto dim = static_cast<std::size_t>(x.cols);
    for (Index r = 0; r < x.rows; ++r, packed += dim) {
        const float* HWY_RESTRICT row = x.data + r * x.stride;
        std::size_t j = 0;
        for (; j + laneCount <= dim; j += laneCount) {
            hn::StoreU(hn::Sub(hn::LoadU(tag, row + j), hn::LoadU(tag, offset + j)), tag,
                       packed + j);
        }
        for (; j < dim; ++j)
            packed[j] = row[j] - offset[j];
    }
}

HWY_INLINE float squaredDistance(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                                 std::size_t dim) {
    const FloatTag tag;
    Floats sums = hn::Zero(tag);
    std::size_t j = 0;
    for (; j + laneCount <= dim; j += laneCount) {
        const Floats difference = hn::Sub(hn::LoadU(tag, a + j), hn::LoadU(tag, b + j));
        sums = hn::MulAdd(difference, difference, sums);
    }
    float sum = hn::GetLane(hn::SumOfLanes(tag, sums));
    for (; j < dim; ++j)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

// The lowest of every `step`-th vector of distances, lane by lane. Not Min, because what is not a
// number must not enter.
HWY_INLINE Floats lowestOfLanes(const float* HWY_RESTRICT distances, std::size_t vectors,
                                std::size_t first, std::size_t step) {
    const FloatTag tag;
    constexpr std::size_t chains = 4;  // As many as hide the latency of a comparison.
    Floats lowest[chains];
    for (Floats& chain : lowest)
        chain = hn::Set(tag, std::numeric_limits<float>::infinity());
    const auto lower = [&](std::size_t vector, Floats& chain) {
        const Floats value = hn::LoadU(tag, distances + vector * laneCount);
        chain = hn::IfThenElse(hn::Lt(value, chain), value, chain);
    };
    std::size_t vector = first;
    for (; vector + (chains - 1) * step < vectors; vector += chains * step) {
        for (std::size_t i = 0; i < chains; ++i)
            lower(vector + i * step, lowest[i]);
    }
    for (; vector < vectors; vector += step)
        lower(vector, lowest[0]);
    return hn::Min(hn::Min(lowest[0], lowest[1]), hn::Min(lowest[2], lowest[3]));
}

// A distance that at least `wanted` of some vectors of distances do not exceed, if there are so
// many: the vectors are dealt out to a few vectors of minima, so that these are distances of
// different pairs.
HWY_INLINE float distanceLimit(const float* HWY_RESTRICT distances, std::size_t vectors,
                               std::size_t wanted, float* HWY_RESTRICT lowest) {
    const FloatTag tag;
    const std::size_t turns = (2 * wanted + laneCount - 1) / laneCount;
    for (std::size_t turn = 0; turn < turns; ++turn) {
        hn::StoreU(lowestOfLanes(distances, vectors, turn, turns), tag, lowest + turn * laneCount);
    }
    // Takes the least away, again and again: for the few that are wanted this is faster than
    // ordering all. Equal ones go at once, and infinity stays when none are left.
    float limit = 0.0F;
    for (std::size_t i = 0; i < wanted; ++i) {
        Floats least = hn::Set(tag, std::numeric_limits<float>::infinity());
        for (std::size_t turn = 0; turn < turns; ++turn) {
            float* const minima = lowest + turn * laneCount;
            Floats values = hn::LoadU(tag, minima);
            if (i > 0) {
                values =
                    hn::IfThenElse(hn::Eq(values, hn::Set(tag, limit)),
                                   hn::Set(tag, std::numeric_limits<float>::infinity()), values);
                hn::StoreU(values, tag, minima);
            }
            least = hn::Min(least, values);
        }
        limit = hn::GetLane(hn::MinOfLanes(tag, least));
    }
    return limit;
}

// Enters the best pairs of a group of rows and `width` codewords, a multiple of pairCodewords,
// whose distances lie row by row.
HWY_INLINE void enterPairs(const float* HWY_RESTRICT distances, std::size_t rows, std::size_t width,
                           CodewordRange range, const PairCandidates& candidates, BestPairs& best) {
    const FloatTag tag;
    const CodeTag codeTag;
    const std::size_t vectors = rows * width / laneCount;
    const float bound =
        std::min(best.limit(), distanceLimit(distances, vectors, best.wanted(), candidates.lowest));
    const Floats limit = hn::Set(tag, bound);
    std::size_t found = 0;
    const auto note = [&](std::size_t place, Floats values) {
        const auto near = hn::Le(values, limit);
        if (HWY_LIKELY(hn::AllFalse(tag, near))) return;
        const Codes places = hn::Iota(codeTag, static_cast<std::uint32_t>(place));
        found += hn::CompressStore(places, hn::RebindMask(codeTag, near), codeTag,
                                   candidates.places + found);
    };
    // One question for two vectors: few have candidates. Distances that are not numbers may hide
    // their neighbours; rows that are not finite get some valid codeword.
    for (std::size_t vector = 0; vector + 1 < vectors; vector += 2) {
        const std::size_t place = vector * laneCount;
        const Floats first = hn::LoadU(tag, distances + place);
        const Floats second = hn::LoadU(tag, distances + place + laneCount);
        if (HWY_LIKELY(hn::AllFalse(tag, hn::Le(hn::Min(first, second), limit)))) continue;
        note(place, first);
        note(place + laneCount, second);
    }
    for (std::size_t i = 0; i < found; ++i) {
        const std::size_t place = candidates.places[i];
        const std::size_t codeword = range.begin + place % width;
        if (codeword >= range.count || !(distances[place] <= best.limit())) continue;
        best.insert({distances[place], static_cast<std::uint32_t>(place / width),
                     static_cast<std::uint32_t>(codeword)});
    }
}

}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
