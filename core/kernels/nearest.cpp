// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/nearest.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "core/base/parallel.h"
#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/nearest.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/nearest_inl.h"
#include "core/kernels/nearest_pairs_inl.h"

#ifndef QUANTSCOPE_NEAREST_ONCE
#define QUANTSCOPE_NEAREST_ONCE

namespace quantscope {
namespace {

// Up to this dimension distances are sums of (x - c)^2.
constexpr Index directDim = 2;

// Codewords whose distances are kept at once, before the best are chosen.
constexpr std::size_t segmentCodewords = 256;

// The distances of some rows from a segment of codewords, and what chooses among them.
struct PairScratch {
    float* packed;        // rows x dim, minus offset.
    float* squaredNorms;  // Of the packed rows.
    float* distances;     // rows x codewords of the segment.
    PairCandidates candidates;
};

}  // namespace
}  // namespace quantscope

#endif

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

template <std::size_t Rows, bool Direct>
HWY_INLINE void distancesOfRows(const SearchSpace& space, std::size_t begin, std::size_t end,
                                std::size_t row, const PairScratch& scratch) {
    const FloatTag tag;
    const Floats factor = hn::Set(tag, Direct ? 1.0F : 2.0F);
    for (std::size_t k = begin; k < end; k += pairCodewords) {
        PairBlock<Rows, Direct> block;
        block.compute(space, k, scratch.packed + row * space.dim);
        for (std::size_t r = 0; r < Rows; ++r) {
            const Floats norm = hn::Set(tag, Direct ? 0.0F : scratch.squaredNorms[row + r]);
            float* const to = scratch.distances + (row + r) * (end - begin) + (k - begin);
            for (std::size_t b = 0; b < pairVectors; ++b) {
                hn::StoreU(hn::Max(hn::MulAdd(block.sums[r][b], factor, norm), hn::Zero(tag)), tag,
                           to + b * laneCount);
            }
        }
    }
}

template <bool Direct>
void searchNearest(const SearchSpace& space, const MatrixView& x, PanelRow* panel,
                   std::uint32_t* codes) {
    for (Index first = 0; first < x.rows; first += panelWidth) {
        const auto rows = static_cast<std::size_t>(std::min(panelWidth, x.rows - first));
        const float* const start = x.data + first * x.stride;
        packRowPanel([&](std::size_t lane) { return start + static_cast<Index>(lane) * x.stride; },
                     rows, space.offset, space.dim, panel);
        nearestOfPanel<Direct>(space, panel, rows, codes + first);
    }
}

void searchNearestTarget(const SearchSpace& space, const MatrixView& x, PanelRow* panel,
                         std::uint32_t* codes, float* squaredDistances) {
    if (space.direct) {
        searchNearest<true>(space, x, panel, codes);
    } else {
        searchNearest<false>(space, x, panel, codes);
    }
    if (squaredDistances == nullptr) return;
    for (Index row = 0; row < x.rows; ++row) {
        squaredDistances[row] = squaredDistance(
            x.data + row * x.stride, space.codewords + codes[row] * space.dim, space.dim);
    }
}

// Searches groups of rows that are packed already.
template <bool Direct>
void searchPackedPairs(const SearchSpace& space, std::size_t rows, std::size_t groupRows,
                       const PairScratch& scratch, BestPairs* best) {
    const std::size_t padded = (space.count + pairCodewords - 1) / pairCodewords * pairCodewords;
    for (std::size_t begin = 0; begin < padded; begin += segmentCodewords) {
        const std::size_t end = std::min(begin + segmentCodewords, padded);
        std::size_t row = 0;
        for (; row + pairRows <= rows; row += pairRows)
            distancesOfRows<pairRows, Direct>(space, begin, end, row, scratch);
        for (; row < rows; ++row)
            distancesOfRows<1, Direct>(space, begin, end, row, scratch);
        for (std::size_t group = 0; group < rows / groupRows; ++group) {
            enterPairs(scratch.distances + group * groupRows * (end - begin), groupRows,
                       end - begin, {begin, space.count}, scratch.candidates, best[group]);
        }
    }
}

// `x`: some whole groups, for which `scratch` has room.
void searchPairsTarget(const SearchSpace& space, const MatrixView& x, std::size_t groupRows,
                       const PairScratch& scratch, BestPairs* best) {
    const auto rows = static_cast<std::size_t>(x.rows);
    packRows(x, space.offset, scratch.packed);
    for (std::size_t r = 0; r < rows; ++r) {
        scratch.squaredNorms[r] =
            squaredDistance(x.data + static_cast<Index>(r) * x.stride, space.offset, space.dim);
    }
    if (space.direct) {
        searchPackedPairs<true>(space, rows, groupRows, scratch, best);
    } else {
        searchPackedPairs<false>(space, rows, groupRows, scratch, best);
    }
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(searchNearestTarget);
HWY_EXPORT(searchPairsTarget);

// About the mean of the codewords: rounded to a step near their spread, so that whatever numbers
// are short (integers above all) stay short and their ties exact.
std::vector<float> offsetFor(MatrixView codewords) {
    const auto count = static_cast<double>(codewords.rows);
    std::vector<double> mean;
    double variance = 0.0;
    for (Index j = 0; j < codewords.cols; ++j) {
        double sum = 0.0;
        for (Index k = 0; k < codewords.rows; ++k)
            sum += static_cast<double>(codewords(k, j));
        mean.push_back(sum / count);
        for (Index k = 0; k < codewords.rows; ++k) {
            const double difference = static_cast<double>(codewords(k, j)) - mean.back();
            variance += difference * difference;
        }
    }
    const double spread = std::sqrt(variance / static_cast<double>(codewords.size()));
    const double step = spread > 0.0 ? std::exp2(std::floor(std::log2(spread))) : 0.0;
    std::vector<float> offset(mean.size());
    std::ranges::transform(mean, offset.begin(), [step](double value) {
        return static_cast<float>(step > 0.0 ? std::rint(value / step) * step : value);
    });
    return offset;
}

}  // namespace

CodewordPanels::CodewordPanels(MatrixView codewords, const std::stop_token& stop)
    : m_codewords(codewords.rows, codewords.cols),
      m_offset(static_cast<std::size_t>(codewords.cols)),
      m_bias(static_cast<std::size_t>(panelCount(codewords.rows))) {
    assert(codewords.rows > 0 && codewords.cols > 0);
    for (Index k = 0; k < codewords.rows; ++k) {
        std::ranges::copy(codewords.row(k), m_codewords.span().row(k).begin());
    }
    const bool direct = dim() <= directDim;
    if (!direct) m_offset = offsetFor(codewords);
    m_panels = packPanels(codewords, m_offset, stop);
    for (PanelRow& row : m_bias)
        row.lanes.fill(std::numeric_limits<float>::infinity());
    for (Index k = 0; k < count(); ++k) {
        double squaredNorm = 0.0;
        for (Index j = 0; j < dim() && !direct; ++j) {
            const float value = m_panels[static_cast<std::size_t>(k / panelWidth * dim() + j)]
                                    .lanes[static_cast<std::size_t>(k % panelWidth)];
            squaredNorm += static_cast<double>(value) * static_cast<double>(value);
        }
        laneValue(m_bias, k) = static_cast<float>(squaredNorm / 2.0);
    }
}

SearchSpace CodewordPanels::searchSpace() const {
    return {m_panels.data(),
            m_bias.data(),
            m_offset.data(),
            m_codewords.data(),
            static_cast<std::size_t>(count()),
            static_cast<std::size_t>(dim()),
            dim() <= directDim};
}

void CodewordPanels::nearest(MatrixView x, std::span<std::uint32_t> codes,
                             std::span<float> squaredDistances) const {
    assert(x.cols == dim());
    assert(static_cast<Index>(codes.size()) == x.rows);
    assert(squaredDistances.empty() || squaredDistances.size() == codes.size());
    std::vector<PanelRow> panel(static_cast<std::size_t>(dim()));
    HWY_DYNAMIC_DISPATCH(searchNearestTarget)
    (searchSpace(), x, panel.data(), codes.data(),
     squaredDistances.empty() ? nullptr : squaredDistances.data());
}

void CodewordPanels::nearestPairs(MatrixView x, Index groupRows,
                                  std::span<CodewordMatch> best) const {
    assert(x.cols == dim());
    assert(groupRows > 0 && x.rows % groupRows == 0);
    if (x.rows == 0) return;
    assert(best.size() % static_cast<std::size_t>(x.rows / groupRows) == 0);
    assert(static_cast<Index>(best.size()) <= x.rows * count());
    // A number of groups whose rows fill register blocks whatever their number.
    constexpr Index groupsAtOnce = 8;
    const auto groupCount = static_cast<std::size_t>(x.rows / groupRows);
    const std::size_t each = best.size() / groupCount;
    if (each == 0) return;
    const auto rows = static_cast<std::size_t>(std::min(groupsAtOnce * groupRows, x.rows));
    CandidateSpace space(each, static_cast<std::size_t>(groupRows) * segmentCodewords);
    std::vector<float> floats(rows * (static_cast<std::size_t>(dim()) + 1 + segmentCodewords));
    PairScratch scratch{};
    scratch.packed = floats.data();
    scratch.squaredNorms = scratch.packed + rows * static_cast<std::size_t>(dim());
    scratch.distances = scratch.squaredNorms + rows;
    scratch.candidates = space.candidates();
    for (std::size_t first = 0; first < groupCount; first += groupsAtOnce) {
        const std::size_t count = std::min<std::size_t>(groupsAtOnce, groupCount - first);
        std::vector<BestPairs> pairs;
        for (std::size_t group = first; group < first + count; ++group)
            pairs.emplace_back(best.subspan(group * each, each));
        HWY_DYNAMIC_DISPATCH(searchPairsTarget)
        (searchSpace(),
         x.middleRows(static_cast<Index>(first) * groupRows, static_cast<Index>(count) * groupRows),
         static_cast<std::size_t>(groupRows), scratch, pairs.data());
    }
}

void assignRows(const CodewordPanels& codewords, MatrixView x, std::span<std::uint32_t> codes,
                const std::stop_token& stop) {
    // A few milliseconds of work per block, so that cancelling is prompt.
    constexpr Index blockMultiplyAdds = Index{1} << 25;
    constexpr Index mostRows = 1024;
    constexpr Index rowGranule = panelWidth;
    const Index rows = std::clamp(blockMultiplyAdds / (codewords.count() * codewords.dim()),
                                  rowGranule, mostRows) /
                       rowGranule * rowGranule;
    parallelFor(x.rows, rows, stop, [&](Index begin, Index end) {
        codewords.nearest(
            x.middleRows(begin, end - begin),
            codes.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
    });
}

}  // namespace quantscope
#endif
