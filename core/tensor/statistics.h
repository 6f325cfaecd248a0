// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Exact counts of float32 values in the 65,536 cells that share sign, exponent and the upper seven
/// mantissa bits (the bfloat16 grid, truncated). Needs no range in advance, so it is filled in the
/// same pass as the moments, and merges without loss. Cells are at most 1/128 of their value wide.
class ValueHistogram {
public:
    ValueHistogram();
    void add(float value) { ++m_counts[cellOf(value)]; }
    void merge(const ValueHistogram& other);

    /// Counts in `bins` equal bins over [low, high]; cells that straddle a border are shared out in
    /// proportion. Values outside are left out.
    std::vector<double> binned(double low, double high, int bins) const;
    /// The value below which the fraction `q` of the finite values lies, to the width of a cell.
    double quantile(double q) const;
    /// How many finite values have |value - centre| beyond `radius`, counted in whole cells.
    std::uint64_t countBeyond(double centre, double radius) const;
    /// Whether every cell that counts holds a whole number: the finite values are whole, or so
    /// large that cells are wider than one.
    bool isOfWholeNumbers() const;

private:
    /// Cells in ascending order of value: negative floats run backwards, so their bits are flipped.
    static std::size_t cellOf(float value) {
        const std::uint32_t upper = std::bit_cast<std::uint32_t>(value) >> 16;
        return (upper & 0x8000U) != 0 ? upper ^ 0xFFFFU : upper | 0x8000U;
    }
    std::vector<std::uint64_t> m_counts;
};

/// The figures of a tensor. NaN and infinities are counted and left out of the rest.
struct TensorFigures {
    std::uint64_t count = 0;  ///< All elements.
    std::uint64_t zeros = 0;
    std::uint64_t nan = 0;
    std::uint64_t inf = 0;
    /// Elements farther than 6 standard deviations from the mean, to the cell width of the
    /// histogram.
    std::uint64_t outliers = 0;
    double min = 0.0;
    double max = 0.0;
    double mean = 0.0;
    double standardDeviation = 0.0;  ///< Of the population (divided by n).
    /// Fourth standardised moment; 3 for a Gaussian, 0 when all values are equal.
    double kurtosis = 0.0;
    double sumOfSquares = 0.0;

    /// Whether the figures from `min` on describe anything.
    bool hasFinite() const { return count > nan + inf; }
};

/// What one pass over a tensor tells. Whoever lists many tensors keeps the figures only: the
/// histogram takes half a megabyte.
struct TensorStatistics : TensorFigures {
    ValueHistogram histogram;
};

/// One pass in row blocks, in parallel, with the same bits at any thread count. `progress` (may be
/// empty) is called with the fraction done, from any thread.
TensorStatistics computeStatistics(const TensorSource& source, const std::stop_token& stop,
                                   const std::function<void(double)>& progress = {});

}  // namespace quantscope
