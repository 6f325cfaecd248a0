// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/statistics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>

#include "core/base/parallel.h"
#include "core/tensor/moments.h"

namespace quantscope {

namespace {

constexpr std::size_t cellCount = 65536;
constexpr double outlierRadius = 6.0;  ///< In standard deviations.

/// The value nearest to zero of the floats with these upper bits; beyond the largest finite cell,
/// 2^128.
double edgeOf(std::uint32_t magnitude) {
    if (magnitude >= 0x7F80U) return 0x1p128;
    return std::bit_cast<float>(magnitude << 16);
}

struct CellRange {
    double low = 0.0;
    double high = 0.0;
};

CellRange rangeOf(std::size_t cell) {
    const bool negative = cell < 0x8000U;
    const auto magnitude =
        static_cast<std::uint32_t>(negative ? (cell ^ 0xFFFFU) & 0x7FFFU : cell & 0x7FFFU);
    const double inner = edgeOf(magnitude);
    const double outer = edgeOf(magnitude + 1);
    return negative ? CellRange{-outer, -inner} : CellRange{inner, outer};
}

// The cells between are finite; beyond lie the infinities and NaNs.
constexpr std::size_t firstFiniteCell = 0x80;
constexpr std::size_t endFiniteCell = cellCount - 0x80;

/// What a block of rows adds up to.
struct BlockResult {
    Moments moments;
    std::uint64_t zeros = 0;
    std::uint64_t nan = 0;
    std::uint64_t inf = 0;
    float min = std::numeric_limits<float>::infinity();
    float max = -std::numeric_limits<float>::infinity();

    void add(const BlockResult& other) {
        moments.merge(other.moments);
        zeros += other.zeros;
        nan += other.nan;
        inf += other.inf;
        min = std::min(min, other.min);
        max = std::max(max, other.max);
    }
};

BlockResult measureBlock(std::span<const float> values, ValueHistogram& histogram) {
    BlockResult result;
    for (const float value : values) {
        histogram.add(value);
        if (!std::isfinite(value)) {
            ++(std::isnan(value) ? result.nan : result.inf);
            continue;
        }
        if (value == 0.0F) ++result.zeros;
        result.min = std::min(result.min, value);
        result.max = std::max(result.max, value);
    }
    result.moments = momentsOf(values);
    return result;
}

/// Histograms are large, so there is one per thread at work, not one per block. Their counts are
/// whole numbers, which add up to the same whatever the order.
class HistogramPool {
public:
    std::unique_ptr<ValueHistogram> take() {
        const std::lock_guard lock(m_mutex);
        if (m_free.empty()) return std::make_unique<ValueHistogram>();
        auto histogram = std::move(m_free.back());
        m_free.pop_back();
        return histogram;
    }
    void giveBack(std::unique_ptr<ValueHistogram> histogram) {
        const std::lock_guard lock(m_mutex);
        m_free.push_back(std::move(histogram));
    }
    ValueHistogram total() {
        ValueHistogram sum;
        for (const auto& histogram : m_free)
            sum.merge(*histogram);
        return sum;
    }

private:
    std::mutex m_mutex;
    std::vector<std::unique_ptr<ValueHistogram>> m_free;
};

TensorStatistics summarise(const BlockResult& total, ValueHistogram histogram) {
    TensorStatistics statistics;
    const Moments& moments = total.moments;
    const auto finite = static_cast<double>(moments.count);
    statistics.count = moments.count + total.nan + total.inf;
    statistics.zeros = total.zeros;
    statistics.nan = total.nan;
    statistics.inf = total.inf;
    statistics.histogram = std::move(histogram);
    if (moments.count == 0) return statistics;
    statistics.min = total.min;
    statistics.max = total.max;
    statistics.sumOfSquares = moments.second + finite * moments.mean * moments.mean;
    if (total.min == total.max) {  // Rounding would leave a deviation where there is none.
        statistics.mean = total.min;
        return statistics;
    }
    statistics.mean = moments.mean;
    const double variance = moments.second / finite;
    statistics.standardDeviation = std::sqrt(variance);
    statistics.kurtosis = moments.fourth / finite / (variance * variance);
    statistics.outliers = statistics.histogram.countBeyond(
        statistics.mean, outlierRadius * statistics.standardDeviation);
    return statistics;
}

}  // namespace

ValueHistogram::ValueHistogram() : m_counts(cellCount, 0) {}

void ValueHistogram::merge(const ValueHistogram& other) {
    for (std::size_t cell = 0; cell < cellCount; ++cell)
        m_counts[cell] += other.m_counts[cell];
}

std::vector<double> ValueHistogram::binned(double low, double high, int bins) const {
    std::vector<double> result(static_cast<std::size_t>(std::max(0, bins)), 0.0);
    if (result.empty() || !(high > low)) return result;
    // Positions are counted in bins, so that a cell narrower than the rounding error stays whole.
    const double binsPerUnit = bins / (high - low);
    for (std::size_t cell = firstFiniteCell; cell < endFiniteCell; ++cell) {
        if (m_counts[cell] == 0) continue;
        const CellRange range = rangeOf(cell);
        if (range.high < low || range.low > high) continue;
        const double from = (range.low - low) * binsPerUnit;
        const double to = (range.high - low) * binsPerUnit;
        const int first = std::clamp(static_cast<int>(std::max(from, 0.0)), 0, bins - 1);
        const int last = std::clamp(static_cast<int>(std::min<double>(to, bins)), first, bins - 1);
        const auto count = static_cast<double>(m_counts[cell]);
        for (int bin = first; bin <= last; ++bin) {
            const double overlap = std::min(to, bin + 1.0) - std::max<double>(from, bin);
            const double share = to > from ? std::clamp(overlap / (to - from), 0.0, 1.0) : 1.0;
            result[static_cast<std::size_t>(bin)] += count * share;
        }
    }
    return result;
}

double ValueHistogram::quantile(double q) const {
    std::uint64_t total = 0;
    for (std::size_t cell = firstFiniteCell; cell < endFiniteCell; ++cell)
        total += m_counts[cell];
    if (total == 0) return 0.0;
    const double wanted = std::clamp(q, 0.0, 1.0) * static_cast<double>(total);
    double below = 0.0;
    CellRange range;
    for (std::size_t cell = firstFiniteCell; cell < endFiniteCell; ++cell) {
        if (m_counts[cell] == 0) continue;
        range = rangeOf(cell);
        const auto inside = static_cast<double>(m_counts[cell]);
        if (below + inside >= wanted) {
            return range.low + (range.high - range.low) * (wanted - below) / inside;
        }
        below += inside;
    }
    return range.high;
}

std::uint64_t ValueHistogram::countBeyond(double centre, double radius) const {
    std::uint64_t count = 0;
    for (std::size_t cell = firstFiniteCell; cell < endFiniteCell; ++cell) {
        if (m_counts[cell] == 0) continue;
        const CellRange range = rangeOf(cell);
        const bool outside = range.low > centre + radius || range.high < centre - radius;
        if (outside) count += m_counts[cell];
    }
    return count;
}

bool ValueHistogram::isOfWholeNumbers() const {
    for (std::size_t cell = firstFiniteCell; cell < endFiniteCell; ++cell) {
        if (m_counts[cell] == 0) continue;
        // The end that is nearer to zero belongs to the cell, the other one does not.
        const CellRange range = rangeOf(cell);
        const auto [inner, outer] = std::minmax({std::abs(range.low), std::abs(range.high)});
        if (std::ceil(inner) >= outer) return false;
    }
    return true;
}

TensorStatistics computeStatistics(const TensorSource& source, const std::stop_token& stop,
                                   const std::function<void(double)>& progress) {
    HistogramPool pool;
    std::atomic<Index> rowsDone{0};
    BlockResult total = parallelReduce(
        source.rows(), blockRows(source.cols()), stop, BlockResult(),
        [&](Index begin, Index end) {
            Matrix block(end - begin, source.cols());
            source.read(begin, block.span(), stop);
            auto histogram = pool.take();
            const std::span<const float> values(block.data(),
                                                static_cast<std::size_t>(block.view().size()));
            BlockResult result = measureBlock(values, *histogram);
            pool.giveBack(std::move(histogram));
            const Index done = rowsDone += end - begin;
            if (progress) progress(static_cast<double>(done) / static_cast<double>(source.rows()));
            return result;
        },
        [](BlockResult& sum, BlockResult&& part) { sum.add(part); });
    return summarise(total, pool.total());
}

}  // namespace quantscope
