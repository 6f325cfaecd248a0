// SPDX-License-Identifier: GPL-3.0-or-later
// The search for nearest codewords, for kernels that are compiled once per instruction set. Lanes
// are rows: the components of 32 rows lie side by side (a panel), codewords are broadcast, and sums
// of a few codewords x 32 rows stay in registers, so distances never go to memory and a minimum
// over codewords needs no step across lanes.

#ifndef QUANTSCOPE_NEAREST_INL_ONCE
#define QUANTSCOPE_NEAREST_INL_ONCE

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/kernels/panels.h"

namespace quantscope {

/// What the kernels search in; see CodewordPanels.
struct SearchSpace {
    const PanelRow* panels;  ///< Codewords minus offset.
    const PanelRow* bias;    ///< |c|^2 / 2 or 0, infinite behind the last.
    const float* offset;     ///< dim values.
    const float* codewords;  ///< count x dim.
    std::size_t count;
    std::size_t dim;
    bool direct;  ///< Ranks by (x - c)^2 instead of |c|^2 / 2 - x.c.
};

/// Codewords are compared with each other in blocks of so many, and the best of a block with the
/// best so far.
inline constexpr std::size_t blockCodewords = 8;

/// From this dimension on, kernels note which codeword of a block was the best; for shorter vectors
/// that would take as long as the sums, and it is found out at the end.
inline constexpr std::size_t exactDim = 32;

/// The best of some blocks of codewords for every row of a panel.
struct PanelBests {
    PanelRow values;  ///< As ranked.
    /// The codeword, or below exactDim the first one of its block.
    alignas(panelWidth * sizeof(float)) std::uint32_t codewords[panelWidth]{};

    PanelBests() { values.lanes.fill(std::numeric_limits<float>::infinity()); }
};

}  // namespace quantscope

#endif

#if defined(QUANTSCOPE_NEAREST_INL_TARGET) == defined(HWY_TARGET_TOGGLE)
#ifdef QUANTSCOPE_NEAREST_INL_TARGET
#undef QUANTSCOPE_NEAREST_INL_TARGET
#else
#define QUANTSCOPE_NEAREST_INL_TARGET
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using CodeTag = hn::RebindToUnsigned<FloatTag>;
using Floats = hn::Vec<FloatTag>;
using Codes = hn::Vec<CodeTag>;

constexpr std::size_t laneCount = hn::MaxLanes(FloatTag());
constexpr auto panelRows = static_cast<std::size_t>(panelWidth);

// 2 vectors of rows x 8 codewords fill the registers of AVX-512, x 4 those of the others.
constexpr std::size_t stepVectors = 2;
constexpr std::size_t stepCodewords = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
static_assert(panelRows % (stepVectors * laneCount) == 0);
static_assert(blockCodewords % stepCodewords == 0 && panelRows % blockCodewords == 0);

// (x - c)^2 or -x.c added to the sum, in the order of components on every instruction set.
template <bool Direct, typename V>
HWY_INLINE V addComponent(V x, V c, V sum) {
    if constexpr (Direct) {
        const V difference = hn::Sub(x, c);
        return hn::MulAdd(difference, difference, sum);
    } else {
        return hn::NegMulAdd(x, c, sum);
    }
}

HWY_INLINE const float* codewordsAt(const SearchSpace& space, std::size_t codeword) {
    return space.panels[codeword / panelRows * space.dim].lanes.data() + codeword % panelRows;
}

HWY_INLINE const float* biasAt(const SearchSpace& space, std::size_t codeword) {
    return space.bias[codeword / panelRows].lanes.data() + codeword % panelRows;
}

// Transposes up to 32 rows, minus the offset, into a panel of `dim` rows; `rowAt(lane)` points to a
// row. Lanes without a row repeat the first.
template <typename RowAt>
HWY_INLINE void packRowPanel(const RowAt& rowAt, std::size_t rows, const float* HWY_RESTRICT offset,
                             std::size_t dim, PanelRow* HWY_RESTRICT panel) {
    constexpr std::size_t tile = 4;
    [[maybe_unused]] const hn::CappedTag<float, tile> tag;
    for (std::size_t lane = 0; lane < panelRows; lane += tile) {
        if (lane >= rows && lane % (laneCount * stepVectors) == 0) return;
        const float* row[tile];
        for (std::size_t i = 0; i < tile; ++i)
            row[i] = rowAt(lane + i < rows ? lane + i : 0);
        std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
        for (; j + tile <= dim; j += tile) {
            const auto shift = hn::LoadU(tag, offset + j);
            const auto a = hn::Sub(hn::LoadU(tag, row[0] + j), shift);
            const auto b = hn::Sub(hn::LoadU(tag, row[1] + j), shift);
            const auto c = hn::Sub(hn::LoadU(tag, row[2] + j), shift);
            const auto d = hn::Sub(hn::LoadU(tag, row[3] + j), shift);
            const auto abLow = hn::InterleaveLower(tag, a, b);
            const auto cdLow = hn::InterleaveLower(tag, c, d);
            const auto abHigh = hn::InterleaveUpper(tag, a, b);
            const auto cdHigh = hn::InterleaveUpper(tag, c, d);
            hn::Store(hn::ConcatLowerLower(tag, cdLow, abLow), tag, &panel[j].lanes[lane]);
            hn::Store(hn::ConcatUpperUpper(tag, cdLow, abLow), tag, &panel[j + 1].lanes[lane]);
            hn::Store(hn::ConcatLowerLower(tag, cdHigh, abHigh), tag, &panel[j + 2].lanes[lane]);
            hn::Store(hn::ConcatUpperUpper(tag, cdHigh, abHigh), tag, &panel[j + 3].lanes[lane]);
        }
#endif
        for (; j < dim; ++j) {
            for (std::size_t i = 0; i < tile; ++i)
                panel[j].lanes[lane + i] = row[i][j] - offset[j];
        }
    }
}

// Written out, because the compiler keeps arrays in registers only where all indices are constant.
HWY_INLINE Floats lowestOf(const Floats (&sums)[stepCodewords][stepVectors], std::size_t v) {
    Floats lowest = hn::Min(hn::Min(sums[0][v], sums[1][v]), hn::Min(sums[2][v], sums[3][v]));
    if constexpr (stepCodewords == 8) {
        lowest = hn::Min(lowest,
                         hn::Min(hn::Min(sums[4][v], sums[5][v]), hn::Min(sums[6][v], sums[7][v])));
    }
    return lowest;
}

// The first of some codewords from `first` on whose sums are the lowest.
HWY_INLINE Codes codewordsOf(const Floats (&sums)[stepCodewords][stepVectors], std::size_t v,
                             Floats lowest, std::size_t first) {
    const CodeTag tag;
    Codes found = hn::Set(tag, static_cast<std::uint32_t>(first + stepCodewords - 1));
    for (std::size_t k = stepCodewords - 1; k > 0; --k) {
        const auto here = hn::RebindMask(tag, hn::Eq(sums[k - 1][v], lowest));
        found =
            hn::IfThenElse(here, hn::Set(tag, static_cast<std::uint32_t>(first + k - 1)), found);
    }
    return found;
}

// Lowers the bests of the rows of two vectors to those of one block of codewords.
template <bool Direct, bool Exact>
HWY_INLINE void lowerToBlock(const SearchSpace& space, std::size_t block,
                             const PanelRow* HWY_RESTRICT rows, std::size_t firstLane,
                             Floats (&best)[stepVectors], Codes (&codes)[stepVectors]) {
    const FloatTag tag;
    const CodeTag codeTag;
    for (std::size_t first = block; first < block + blockCodewords; first += stepCodewords) {
        const float* HWY_RESTRICT c = codewordsAt(space, first);
        const float* HWY_RESTRICT bias = biasAt(space, first);
        Floats sums[stepCodewords][stepVectors];
        for (std::size_t k = 0; k < stepCodewords; ++k) {
            const Floats start = hn::Set(tag, bias[k]);
            for (std::size_t v = 0; v < stepVectors; ++v)
                sums[k][v] = start;
        }
        for (std::size_t j = 0; j < space.dim; ++j, c += panelRows) {
            Floats x[stepVectors];
            for (std::size_t v = 0; v < stepVectors; ++v)
                x[v] = hn::Load(tag, rows[j].lanes.data() + firstLane + v * laneCount);
            for (std::size_t k = 0; k < stepCodewords; ++k) {
                const Floats component = hn::Set(tag, c[k]);
                for (std::size_t v = 0; v < stepVectors; ++v)
                    sums[k][v] = addComponent<Direct>(x[v], component, sums[k][v]);
            }
        }
        for (std::size_t v = 0; v < stepVectors; ++v) {
            const Floats lowest = lowestOf(sums, v);
            const auto less = hn::RebindMask(codeTag, hn::Lt(lowest, best[v]));
            const Codes found = Exact ? codewordsOf(sums, v, lowest, first)
                                      : hn::Set(codeTag, static_cast<std::uint32_t>(block));
            best[v] = hn::Min(lowest, best[v]);
            codes[v] = hn::IfThenElse(less, found, codes[v]);
        }
    }
}

// Lowers the bests of the first `rowCount` rows of a panel to those of codewords begin .. end-1,
// both multiples of blockCodewords. Of equal ones the one that came first stays.
template <bool Direct, bool Exact>
HWY_INLINE void lowerBests(const SearchSpace& space, std::size_t begin, std::size_t end,
                           const PanelRow* HWY_RESTRICT rows, std::size_t rowCount,
                           PanelBests& bests) {
    const FloatTag tag;
    const CodeTag codeTag;
    for (std::size_t lane = 0; lane < rowCount; lane += stepVectors * laneCount) {
        Floats best[stepVectors];
        Codes codes[stepVectors];
        for (std::size_t v = 0; v < stepVectors; ++v) {
            best[v] = hn::Load(tag, bests.values.lanes.data() + lane + v * laneCount);
            codes[v] = hn::Load(codeTag, bests.codewords + lane + v * laneCount);
        }
        for (std::size_t block = begin; block < end; block += blockCodewords)
            lowerToBlock<Direct, Exact>(space, block, rows, lane, best, codes);
        for (std::size_t v = 0; v < stepVectors; ++v) {
            hn::Store(best[v], tag, bests.values.lanes.data() + lane + v * laneCount);
            hn::Store(codes[v], codeTag, bests.codewords + lane + v * laneCount);
        }
    }
}

// Replaces the first codewords of blocks by those of the block whose sums are the bests, for some
// rows of a panel from `firstLane` on. The sums are formed again, now with codewords as lanes,
// which gives the same bits; several rows at once, because each sum waits for its previous
// component.
template <bool Direct, std::size_t Rows>
HWY_INLINE void findInBlocks(const SearchSpace& space, const PanelRow* HWY_RESTRICT rows,
                             std::size_t firstLane, PanelBests& bests) {
    const hn::CappedTag<float, std::min(blockCodewords, laneCount)> tag;
    const std::size_t lanes = hn::Lanes(tag);
    std::uint32_t* const codewords = bests.codewords + firstLane;
    std::uint32_t found[Rows];
    std::copy_n(codewords, Rows, found);
    for (std::size_t part = blockCodewords; part > 0;) {
        part -= lanes;
        const float* c[Rows];
        hn::Vec<decltype(tag)> sums[Rows];
        for (std::size_t i = 0; i < Rows; ++i) {
            c[i] = codewordsAt(space, codewords[i] + part);
            sums[i] = hn::Load(tag, biasAt(space, codewords[i] + part));
        }
        for (std::size_t j = 0; j < space.dim; ++j) {
            for (std::size_t i = 0; i < Rows; ++i) {
                sums[i] = addComponent<Direct>(hn::Set(tag, rows[j].lanes[firstLane + i]),
                                               hn::Load(tag, c[i] + j * panelRows), sums[i]);
            }
        }
        for (std::size_t i = 0; i < Rows; ++i) {
            const auto best = hn::Set(tag, bests.values.lanes[firstLane + i]);
            const auto lane = hn::FindFirstTrue(tag, hn::Eq(sums[i], best));
            if (lane >= 0) {
                found[i] = codewords[i] + static_cast<std::uint32_t>(part) +
                           static_cast<std::uint32_t>(lane);
            }
        }
    }
    std::copy_n(found, Rows, codewords);
}

// The nearest codewords of the first `rowCount` rows of a panel. A row that is not finite gets some
// valid codeword.
template <bool Direct>
HWY_INLINE void nearestOfPanel(const SearchSpace& space, const PanelRow* HWY_RESTRICT rows,
                               std::size_t rowCount, std::uint32_t* HWY_RESTRICT codes) {
    constexpr std::size_t rowsAtOnce = 8;
    const std::size_t end = (space.count + blockCodewords - 1) / blockCodewords * blockCodewords;
    PanelBests bests;
    if (space.dim >= exactDim) {
        lowerBests<Direct, true>(space, 0, end, rows, rowCount, bests);
    } else {
        lowerBests<Direct, false>(space, 0, end, rows, rowCount, bests);
        for (std::size_t lane = 0; lane < rowCount; lane += rowsAtOnce)
            findInBlocks<Direct, rowsAtOnce>(space, rows, lane, bests);
    }
    const auto last = static_cast<std::uint32_t>(space.count - 1);
    for (std::size_t lane = 0; lane < rowCount; ++lane)
        codes[lane] = std::min(bests.codewords[lane], last);
}

}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
