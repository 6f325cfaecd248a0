// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/cell_sums.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <functional>

#include "core/base/parallel.h"
#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/cell_sums.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr Index rowsAhead = 16;
constexpr std::size_t lineFloats = 16;

// Adds rows to the sums of their cells, whose rows are `sumStride` apart. Weighted products are
// rounded before they are added on every instruction set.
template <bool Weighted>
void addRows(const MatrixView& x, const std::uint32_t* HWY_RESTRICT codes,
             const float* HWY_RESTRICT weights, double* HWY_RESTRICT sums, std::size_t sumStride) {
    const hn::CappedTag<double, 8> tag;
    const hn::Rebind<float, decltype(tag)> floatTag;
    const std::size_t lanes = hn::Lanes(tag);
    const auto dim = static_cast<std::size_t>(x.cols);
    for (Index row = 0; row < x.rows; ++row) {
        const float* HWY_RESTRICT values = x.data + row * x.stride;
        // Processors do not foresee steps as long as the rows of a wide matrix.
        for (std::size_t j = 0; j < dim; j += lineFloats)
            hwy::Prefetch(values + rowsAhead * x.stride + j);
        double* HWY_RESTRICT sum = sums + codes[row] * sumStride;
        const double weight = Weighted ? static_cast<double>(weights[row]) : 1.0;
        std::size_t j = 0;
        for (; j + lanes <= dim; j += lanes) {
            auto part = hn::PromoteTo(tag, hn::LoadU(floatTag, values + j));
            if constexpr (Weighted) part = hn::Mul(part, hn::Set(tag, weight));
            hn::StoreU(hn::Add(hn::LoadU(tag, sum + j), part), tag, sum + j);
        }
        for (; j < dim; ++j) {
            const auto value = static_cast<double>(values[j]);
            sum[j] += Weighted ? value * weight : value;
        }
    }
}

void addRowsTarget(const MatrixView& x, const std::uint32_t* codes, const float* weights,
                   double* sums, std::size_t sumStride) {
    if (weights == nullptr) {
        addRows<false>(x, codes, weights, sums, sumStride);
    } else {
        addRows<true>(x, codes, weights, sums, sumStride);
    }
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(addRowsTarget);

// Columns that one thread sums at once: two cache lines of each row.
constexpr Index columnsAtOnce = 32;

// Rows between two looks at the stop token.
constexpr Index rowsAtOnce = 4096;

// Rows and weights that belong together.
struct WeightedRows {
    MatrixView x;
    std::span<const std::uint32_t> codes;
    std::span<const float> weights;

    // Adds rows begin .. end-1 to `sums`, which begins with the first column of x.
    void addTo(double* sums, Index sumStride, Index begin, Index end,
               const std::stop_token& stop) const {
        for (Index row = begin; row < end && !stop.stop_requested(); row += rowsAtOnce) {
            HWY_DYNAMIC_DISPATCH(addRowsTarget)
            (x.middleRows(row, std::min(rowsAtOnce, end - row)), codes.data() + row,
             weights.empty() ? nullptr : weights.data() + row, sums,
             static_cast<std::size_t>(sumStride));
        }
    }
};

void addMasses(const WeightedRows& rows, Index begin, Index end, CellSums& sums) {
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
        const std::uint32_t code = rows.codes[row];
        sums.masses[code] += rows.weights.empty() ? 1.0 : static_cast<double>(rows.weights[row]);
        ++sums.counts[code];
    }
}

// Threads share out the columns: no partial sums of whole codebooks.
CellSums sumByColumns(const WeightedRows& rows, Index count, const std::stop_token& stop) {
    CellSums sums(count, rows.x.cols);
    parallelFor(rows.x.cols, columnsAtOnce, stop, [&](Index begin, Index end) {
        if (begin == 0) addMasses(rows, 0, rows.x.rows, sums);
        const WeightedRows part{rows.x.middleCols(begin, end - begin), rows.codes, rows.weights};
        part.addTo(sums.rows.data() + begin, rows.x.cols, 0, rows.x.rows, stop);
    });
    return sums;
}

// Threads share out the rows, in few enough chunks that partial sums take no more memory than the
// rows themselves.
CellSums sumByRows(const WeightedRows& rows, Index count, const std::stop_token& stop) {
    constexpr Index mostChunks = 16;
    const Index chunks = std::clamp<Index>(rows.x.rows / (2 * count), 1, mostChunks);
    return parallelReduce(
        rows.x.rows, (rows.x.rows + chunks - 1) / chunks, stop, CellSums(count, rows.x.cols),
        [&](Index begin, Index end) {
            CellSums part(count, rows.x.cols);
            addMasses(rows, begin, end, part);
            rows.addTo(part.rows.data(), rows.x.cols, begin, end, stop);
            return part;
        },
        [](CellSums& total, const CellSums& part) { total.add(part); });
}

}  // namespace

CellSums::CellSums(Index count, Index dim)
    : rows(static_cast<std::size_t>(count * dim)),
      masses(static_cast<std::size_t>(count)),
      counts(static_cast<std::size_t>(count)) {}

void CellSums::add(const CellSums& more) {
    std::ranges::transform(rows, more.rows, rows.begin(), std::plus());
    std::ranges::transform(masses, more.masses, masses.begin(), std::plus());
    std::ranges::transform(counts, more.counts, counts.begin(), std::plus());
}

double CellSums::distortion(MatrixView centroids, double energy) const {
    double distortion = energy;
    const double* sum = rows.data();
    for (Index k = 0; k < centroids.rows; ++k) {
        const double mass = masses[static_cast<std::size_t>(k)];
        for (const float value : centroids.row(k)) {
            const auto c = static_cast<double>(value);
            distortion += c * (mass * c - 2.0 * *sum++);
        }
    }
    return std::max(0.0, distortion);
}

void CellSums::moveToMeans(MatrixSpan centroids) const {
    for (Index k = 0; k < centroids.rows; ++k) {
        const double mass = masses[static_cast<std::size_t>(k)];
        if (!(mass > 0.0)) continue;
        const double* sum = rows.data() + k * centroids.cols;
        for (float& value : centroids.row(k))
            value = static_cast<float>(*sum++ / mass);
    }
}

CellSums sumCells(MatrixView x, std::span<const std::uint32_t> codes,
                  std::span<const float> weights, Index count, const std::stop_token& stop) {
    assert(static_cast<Index>(codes.size()) == x.rows);
    assert(weights.empty() || weights.size() == codes.size());
    constexpr Index leastColumnChunks = 4;
    const WeightedRows rows{x, codes, weights};
    return x.cols >= leastColumnChunks * columnsAtOnce ? sumByColumns(rows, count, stop)
                                                       : sumByRows(rows, count, stop);
}

}  // namespace quantscope
#endif
