// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/pruned_assignment.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <numeric>

#include "core/base/parallel.h"
#include "core/base/squared_norm.h"
#include "core/kernels/centroid_groups.h"
#include "core/kernels/nearest.h"
#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/pruned_assignment.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/nearest_inl.h"

#ifndef QUANTSCOPE_PRUNED_ASSIGNMENT_ONCE
#define QUANTSCOPE_PRUNED_ASSIGNMENT_ONCE

namespace quantscope {
namespace {

// Rows that are searched together: enough that the rows which need a group fill whole panels.
constexpr Index chunkRows = 4096;

// One row per value, and room for a vector to be written behind the last.
template <typename T>
using PerRow = std::array<T, static_cast<std::size_t>(chunkRows + panelWidth)>;

// How far computed distances may be from true ones. With u the unit roundoff and d dimensions, a
// sum of d products is off by at most (d + 1) u times the sum of their magnitudes, which gives
// 2 (d + 2) u (|x|^2 + |c|^2) for |x|^2 + 2 (|c|^2 / 2 - x.c); the square root, drifts and the
// subtraction of the offset add a few u of the lengths involved.
struct Rounding {
    float perSquare = 0.0F;  // Of a squared distance, per |x|^2 and |c|^2.
    float largestSquare = 0.0F;
    float perLength = 0x1.0p-20F;
    float largestLength = 0.0F;

    float ofSquare(float squaredNorm) const { return perSquare * (squaredNorm + largestSquare); }
    float ofLength(float squaredNorm) const {
        return perLength * (std::sqrt(squaredNorm) + largestLength);
    }
};

// What is known of the rows of a chunk.
struct Chunk {
    PerRow<float> squaredNorms{};                // Of row minus offset.
    PerRow<float> bests{};                       // As ranked.
    alignas(64) PerRow<float> uppers{};          // Bound of the distance from the best centroid.
    alignas(64) PerRow<std::uint32_t> owners{};  // Group of the centroid at the beginning.
    PerRow<std::uint32_t> listed{};

    Chunk() { uppers.fill(-std::numeric_limits<float>::infinity()); }
};

// Rows to be searched and what with.
struct PrunedSearch {
    SearchSpace space;
    Rounding rounding;
    const float* drifts;  // Per group.
    std::size_t groupCount;
    std::size_t groupCodewords;
};

}  // namespace
}  // namespace quantscope

#endif

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

class ChunkSearch {
public:
    ChunkSearch(const PrunedSearch& search, const MatrixView& rows, float* bounds,
                std::uint32_t* codes, PanelRow* panel, Chunk& chunk)
        : m_search(search),
          m_rows(rows),
          m_bounds(bounds),
          m_codes(codes),
          m_panel(panel),
          m_chunk(chunk) {}

    // Returns how many pairs of rows and groups were searched.
    std::size_t run() {
        std::size_t searched = 0;
        for (std::size_t row = 0; row < rowCount(); ++row) {
            m_chunk.owners[row] =
                static_cast<std::uint32_t>(m_codes[row] / m_search.groupCodewords);
            m_chunk.bests[row] = std::numeric_limits<float>::infinity();
        }
        for (std::size_t group = 0; group < m_search.groupCount; ++group)
            searched += searchGroup<true>(group, listOwned(group));
        for (std::size_t group = 0; group < m_search.groupCount; ++group)
            searched += searchGroup<false>(group, listNear(group));
        return searched;
    }

private:
    std::size_t rowCount() const { return static_cast<std::size_t>(m_rows.rows); }
    float* boundsOf(std::size_t group) const {
        return m_bounds + group * static_cast<std::size_t>(chunkRows);
    }

    template <typename IsListed>
    std::size_t list(const IsListed& isListed) {
        const CodeTag tag;
        std::size_t count = 0;
        for (std::size_t row = 0; row < rowCount(); row += laneCount) {
            const Codes numbers = hn::Iota(tag, static_cast<std::uint32_t>(row));
            count += hn::CompressStore(numbers, isListed(row), tag, m_chunk.listed.data() + count);
        }
        // Lanes behind the last row come last.
        while (count > 0 && m_chunk.listed[count - 1] >= rowCount())
            --count;
        return count;
    }

    // Rows whose centroid was in the group.
    std::size_t listOwned(std::size_t group) {
        const CodeTag tag;
        const Codes wanted = hn::Set(tag, static_cast<std::uint32_t>(group));
        return list([&](std::size_t row) {
            return hn::Eq(hn::Load(tag, m_chunk.owners.data() + row), wanted);
        });
    }

    // Other rows that may have a nearer centroid in the group.
    std::size_t listNear(std::size_t group) {
        const FloatTag tag;
        const CodeTag codeTag;
        const Codes own = hn::Set(codeTag, static_cast<std::uint32_t>(group));
        const Floats drift = hn::Set(tag, m_search.drifts[group]);
        const float* const bounds = boundsOf(group);
        return list([&](std::size_t row) {
            const Floats lower = hn::Sub(hn::LoadU(tag, bounds + row), drift);
            const auto near = hn::Lt(lower, hn::Load(tag, m_chunk.uppers.data() + row));
            const auto others = hn::Ne(hn::Load(codeTag, m_chunk.owners.data() + row), own);
            return hn::And(hn::RebindMask(codeTag, near), others);
        });
    }

    template <bool Owned>
    std::size_t searchGroup(std::size_t group, std::size_t count) {
        const std::size_t begin = group * m_search.groupCodewords;
        const std::size_t end =
            std::min(begin + m_search.groupCodewords,
                     (m_search.space.count + blockCodewords - 1) / blockCodewords * blockCodewords);
        for (std::size_t first = 0; first < count; first += panelRows) {
            const std::uint32_t* const rows = m_chunk.listed.data() + first;
            const std::size_t size = std::min(panelRows, count - first);
            packRowPanel(
                [&](std::size_t lane) {
                    return m_rows.data + static_cast<Index>(rows[lane]) * m_rows.stride;
                },
                size, m_search.space.offset, m_search.space.dim, m_panel);
            if constexpr (Owned) measureNorms(rows, size);
            PanelBests bests;
            lowerBests<false, true>(m_search.space, begin, end, m_panel, size, bests);
            for (std::size_t lane = 0; lane < size; ++lane)
                take(group, rows[lane], bests.values.lanes[lane], bests.codewords[lane]);
        }
        return count;
    }

    void measureNorms(const std::uint32_t* rows, std::size_t size) {
        const FloatTag tag;
        for (std::size_t lane = 0; lane < size; lane += laneCount) {
            Floats sum = hn::Zero(tag);
            for (std::size_t j = 0; j < m_search.space.dim; ++j) {
                const Floats x = hn::Load(tag, m_panel[j].lanes.data() + lane);
                sum = hn::MulAdd(x, x, sum);
            }
            HWY_ALIGN float norms[laneCount];
            hn::Store(sum, tag, norms);
            for (std::size_t i = 0; i < std::min(laneCount, size - lane); ++i)
                m_chunk.squaredNorms[rows[lane + i]] = norms[i];
        }
    }

    // Notes the best of a group for a row.
    HWY_INLINE void take(std::size_t group, std::uint32_t row, float value,
                         std::uint32_t codeword) {
        const float squaredNorm = m_chunk.squaredNorms[row];
        const float squared = squaredNorm + 2.0F * value;
        const float squareError = m_search.rounding.ofSquare(squaredNorm);
        const float lengthError = m_search.rounding.ofLength(squaredNorm);
        const float lower = std::sqrt(std::max(0.0F, squared - squareError)) - lengthError;
        boundsOf(group)[row] = lower + m_search.drifts[group];
        const float best = m_chunk.bests[row];
        if (value > best || (value == best && codeword >= m_codes[row])) return;
        m_chunk.bests[row] = value;
        m_codes[row] = codeword;
        m_chunk.uppers[row] = std::sqrt(std::max(0.0F, squared + squareError)) + lengthError;
    }

    const PrunedSearch& m_search;
    MatrixView m_rows;
    float* m_bounds;
    std::uint32_t* m_codes;
    PanelRow* m_panel;
    Chunk& m_chunk;
};

std::size_t searchChunk(const PrunedSearch& search, const MatrixView& rows, float* bounds,
                        std::uint32_t* codes, PanelRow* panel, Chunk& chunk) {
    return ChunkSearch(search, rows, bounds, codes, panel, chunk).run();
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(searchChunk);

// Shorter rows are searched faster than bounds are looked up.
constexpr Index leastDim = 32;

// Above this share of computed distances bounds cost more than they save.
constexpr double worthwhileShare = 0.8;

Index chunkCount(Index rows) {
    return (rows + chunkRows - 1) / chunkRows;
}

double length(std::span<const float> values) {
    return std::sqrt(squaredNorm(values));
}

Rounding roundingFor(const SearchSpace& space) {
    const std::span<const float> offset(space.offset, space.dim);
    double largest = 0.0;
    std::vector<double> centered(space.dim);
    for (std::size_t k = 0; k < space.count; ++k) {
        const float* const codeword = space.codewords + k * space.dim;
        double sum = 0.0;
        for (std::size_t j = 0; j < space.dim; ++j) {
            const double part = static_cast<double>(codeword[j]) - static_cast<double>(offset[j]);
            sum += part * part;
        }
        largest = std::max(largest, sum);
    }
    Rounding rounding;
    rounding.perSquare = static_cast<float>(2.0 * static_cast<double>(space.dim + 2) * 0x1.0p-24);
    rounding.largestSquare = static_cast<float>(largest) * 1.0001F;
    rounding.largestLength = static_cast<float>(std::sqrt(largest) + length(offset)) * 1.0001F;
    return rounding;
}

}  // namespace

PrunedAssignment::PrunedAssignment(MatrixView x, Index count) : m_x(x) {
    const Index mostGroups = std::max<Index>(1, std::min(panelCount(count), x.cols / 2));
    m_groupCodewords = (panelCount(count) + mostGroups - 1) / mostGroups * panelWidth;
    m_groupCount = (count + m_groupCodewords - 1) / m_groupCodewords;
}

void PrunedAssignment::assign(MatrixView centroids, std::span<std::uint32_t> codes,
                              const std::stop_token& stop) {
    assert(static_cast<Index>(codes.size()) == m_x.rows && centroids.cols == m_x.cols);
    if (m_pruning) {
        Matrix moved = grouped(centroids);
        addDrift(moved);
        assignByBounds(moved, codes, stop);
        m_previous = std::move(moved);
        return;
    }
    const bool canPrune = m_groupCount > 1 && m_x.cols >= leastDim;
    if (!canPrune || m_callsUntilPruning > 0) {
        --m_callsUntilPruning;
        assignAll(centroids, codes, stop);
        return;
    }
    beginPruning(centroids, codes, stop);
    assignByBounds(m_previous, codes, stop);
}

void PrunedAssignment::assignAll(MatrixView centroids, std::span<std::uint32_t> codes,
                                 const std::stop_token& stop) {
    assignRows(CodewordPanels(centroids, stop), m_x, codes, stop);
    m_computedShare = 1.0;
}

// Nothing is known of the distances yet; `codes` may be of an earlier call or all the same.
void PrunedAssignment::beginPruning(MatrixView centroids, std::span<const std::uint32_t> codes,
                                    const std::stop_token& stop) {
    m_pruning = true;
    m_order = groupedOrder(centroids, m_groupCodewords, stop);
    m_previous = grouped(centroids);
    std::vector<std::uint32_t> places(m_order.size());
    for (std::size_t place = 0; place < m_order.size(); ++place)
        places[m_order[place]] = static_cast<std::uint32_t>(place);
    m_codes.resize(codes.size());
    std::ranges::transform(codes, m_codes.begin(),
                           [&](std::uint32_t code) { return places[code]; });
    m_drifts.assign(static_cast<std::size_t>(m_groupCount), 0.0F);
    m_bounds.assign(static_cast<std::size_t>(chunkCount(m_x.rows) * m_groupCount * chunkRows),
                    -std::numeric_limits<float>::infinity());
}

Matrix PrunedAssignment::grouped(MatrixView centroids) const {
    Matrix result(centroids.rows, centroids.cols);
    for (Index place = 0; place < result.rows(); ++place) {
        const std::uint32_t centroid = m_order[static_cast<std::size_t>(place)];
        std::ranges::copy(centroids.row(static_cast<Index>(centroid)),
                          result.span().row(place).begin());
    }
    return result;
}

void PrunedAssignment::addDrift(const Matrix& moved) {
    std::vector<float> way(static_cast<std::size_t>(moved.cols()));
    for (Index group = 0; group < m_groupCount; ++group) {
        double farthest = 0.0;
        const Index end = std::min(moved.rows(), (group + 1) * m_groupCodewords);
        for (Index k = group * m_groupCodewords; k < end; ++k) {
            std::ranges::transform(moved.view().row(k), m_previous.view().row(k), way.begin(),
                                   std::minus());
            farthest = std::max(farthest, length(way));
        }
        // Rounded up, so that bounds stay bounds.
        float& drift = m_drifts[static_cast<std::size_t>(group)];
        drift = static_cast<float>((static_cast<double>(drift) + farthest) * (1.0 + 0x1.0p-20));
    }
}

void PrunedAssignment::assignByBounds(const Matrix& grouped, std::span<std::uint32_t> codes,
                                      const std::stop_token& stop) {
    const CodewordPanels codewords(grouped.view(), stop);
    const SearchSpace space = codewords.searchSpace();
    const PrunedSearch search{space, roundingFor(space), m_drifts.data(),
                              static_cast<std::size_t>(m_groupCount),
                              static_cast<std::size_t>(m_groupCodewords)};
    const std::size_t searched = parallelReduce(
        m_x.rows, chunkRows, stop, std::size_t{0},
        [&](Index begin, Index end) {
            const auto chunk = std::make_unique<Chunk>();
            std::vector<PanelRow> panel(space.dim);
            return HWY_DYNAMIC_DISPATCH(searchChunk)(search, m_x.middleRows(begin, end - begin),
                                                     m_bounds.data() + begin * m_groupCount,
                                                     m_codes.data() + begin, panel.data(), *chunk);
        },
        [](std::size_t& total, std::size_t part) { total += part; });
    std::ranges::transform(m_codes, codes.begin(),
                           [&](std::uint32_t place) { return m_order[place]; });
    // The first pass after beginPruning has no bounds to go by.
    const bool first = m_computedShare == 1.0;
    m_computedShare = static_cast<double>(searched) / static_cast<double>(m_x.rows * m_groupCount);
    if (m_computedShare <= worthwhileShare || first) return;
    m_pruning = false;
    m_callsUntilPruning = m_pause;
    m_pause *= 2;
}

}  // namespace quantscope
#endif
