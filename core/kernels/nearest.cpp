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

#ifndef QUANTSCOPE_NEAREST_ONCE
#define QUANTSCOPE_NEAREST_ONCE

namespace quantscope {
namespace {

// Up to this dimension distances are sums of (x - c)^2.
constexpr Index directDim = 2;

// The best pairs so far, best first, by (distance, row, codeword).
class BestPairs {
public:
    explicit BestPairs(std::span<CodewordMatch> matches) : m_matches(matches) {
        // What stays when distances are NaN is valid nevertheless.
        std::ranges::fill(matches, CodewordMatch{std::numeric_limits<float>::infinity(), 0, 0});
    }

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

// The best pairs of every group of consecutive rows.
class PairGroups {
public:
    PairGroups(std::size_t rows, std::size_t groupRows, std::span<CodewordMatch> matches)
        : m_groupRows(groupRows) {
        const std::size_t count = rows / groupRows;
        const std::size_t each = matches.size() / count;
        m_groups.reserve(count);
        for (std::size_t group = 0; group < count; ++group) {
            m_groups.emplace_back(matches.subspan(group * each, each));
        }
    }

    BestPairs& of(std::size_t row) { return m_groups[row / m_groupRows]; }
    std::uint32_t rowWithin(std::size_t row) const {
        return static_cast<std::uint32_t>(row % m_groupRows);
    }

private:
    std::size_t m_groupRows;
    std::vector<BestPairs> m_groups;
};

}  // namespace
}  // namespace quantscope

#endif

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

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

template <std::size_t Rows, bool Direct>
HWY_INLINE void nearestPairsOfRows(const SearchSpace& space, const float* HWY_RESTRICT rows,
                                   const float* squaredNorms, std::size_t firstRow,
                                   PairGroups& groups) {
    const FloatTag tag;
    const Floats factor = hn::Set(tag, Direct ? 1.0F : 2.0F);
    for (std::size_t k = 0; k < space.count; k += pairCodewords) {
        PairBlock<Rows, Direct> block;
        block.compute(space, k, rows);
        for (std::size_t r = 0; r < Rows; ++r) {
            BestPairs& best = groups.of(firstRow + r);
            const std::uint32_t row = groups.rowWithin(firstRow + r);
            const Floats norm = hn::Set(tag, Direct ? 0.0F : squaredNorms[r]);
            for (std::size_t b = 0; b < pairVectors; ++b) {
                const Floats distances =
                    hn::Max(hn::MulAdd(block.sums[r][b], factor, norm), hn::Zero(tag));
                const Floats limit = hn::Set(tag, best.limit());
                if (HWY_LIKELY(hn::AllFalse(tag, hn::Le(distances, limit)))) continue;
                HWY_ALIGN float lanes[laneCount];
                hn::Store(distances, tag, lanes);
                const std::size_t first = k + b * laneCount;
                const std::size_t end =
                    std::min(laneCount, space.count - std::min(first, space.count));
                for (std::size_t lane = 0; lane < end; ++lane) {
                    if (!(lanes[lane] <= best.limit())) continue;
                    best.insert({lanes[lane], row, static_cast<std::uint32_t>(first + lane)});
                }
            }
        }
    }
}

// Copies rows minus offset side by side, so that the kernel reads them from one place.
HWY_INLINE void packRows(const SearchSpace& space, const MatrixView& x, Index first,
                         std::size_t rows, float* HWY_RESTRICT packed) {
    const FloatTag tag;
    for (std::size_t r = 0; r < rows; ++r, packed += space.dim) {
        const float* HWY_RESTRICT row = x.data + (first + static_cast<Index>(r)) * x.stride;
        std::size_t j = 0;
        for (; j + laneCount <= space.dim; j += laneCount) {
            hn::StoreU(hn::Sub(hn::LoadU(tag, row + j), hn::LoadU(tag, space.offset + j)), tag,
                       packed + j);
        }
        for (; j < space.dim; ++j)
            packed[j] = row[j] - space.offset[j];
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

template <std::size_t Rows, bool Direct>
HWY_INLINE void packAndSearchPairs(const SearchSpace& space, const MatrixView& x, std::size_t row,
                                   float* packed, PairGroups& groups) {
    packRows(space, x, static_cast<Index>(row), Rows, packed);
    float squaredNorms[Rows];
    for (std::size_t r = 0; r < Rows; ++r) {
        squaredNorms[r] = squaredDistance(x.data + static_cast<Index>(row + r) * x.stride,
                                          space.offset, space.dim);
    }
    nearestPairsOfRows<Rows, Direct>(space, packed, squaredNorms, row, groups);
}

template <bool Direct>
void searchPairs(const SearchSpace& space, const MatrixView& x, float* packed, PairGroups& groups) {
    const auto rows = static_cast<std::size_t>(x.rows);
    std::size_t row = 0;
    for (; row + pairRows <= rows; row += pairRows) {
        packAndSearchPairs<pairRows, Direct>(space, x, row, packed, groups);
    }
    for (; row < rows; ++row)
        packAndSearchPairs<1, Direct>(space, x, row, packed, groups);
}

void searchPairsTarget(const SearchSpace& space, const MatrixView& x, float* packed,
                       PairGroups& groups) {
    if (space.direct) {
        searchPairs<true>(space, x, packed, groups);
    } else {
        searchPairs<false>(space, x, packed, groups);
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

// Room for the rows of one register block of any instruction set.
std::vector<float> packingRoom(Index dim) {
    constexpr Index mostRows = 8;
    return std::vector<float>(static_cast<std::size_t>(mostRows * dim));
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
    std::vector<float> packed = packingRoom(dim());
    PairGroups groups(static_cast<std::size_t>(x.rows), static_cast<std::size_t>(groupRows), best);
    HWY_DYNAMIC_DISPATCH(searchPairsTarget)
    (searchSpace(), x, packed.data(), groups);
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
