// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/slice_variance.h"

#include <algorithm>
#include <functional>
#include <span>

#include "core/base/parallel.h"

namespace quantscope::pq {

namespace {

// By column.
struct Sums {
    std::vector<double> values;
    std::vector<double> squares;
};

void add(std::vector<double>& total, const std::vector<double>& part) {
    std::ranges::transform(total, part, total.begin(), std::plus());
}

}  // namespace

std::vector<double> sliceVariances(MatrixView rows, const SliceLayout& layout,
                                   const std::stop_token& stop) {
    const auto cols = static_cast<std::size_t>(layout.cols);
    const Sums none{std::vector<double>(cols), std::vector<double>(cols)};
    constexpr Index chunkFloats = Index{1} << 18;
    const Sums sums = parallelReduce(
        rows.rows, std::max<Index>(1, chunkFloats / rows.cols), stop, none,
        [&](Index begin, Index end) {
            Sums part = none;
            for (Index row = begin; row < end; ++row) {
                const std::span<const float> values = rows.row(row);
                for (std::size_t j = 0; j < cols; ++j) {
                    const auto value = static_cast<double>(values[j]);
                    part.values[j] += value;
                    part.squares[j] += value * value;
                }
            }
            return part;
        },
        [](Sums& total, const Sums& part) {
            add(total.values, part.values);
            add(total.squares, part.squares);
        });
    const auto count = static_cast<double>(rows.rows);
    std::vector<double> variances(static_cast<std::size_t>(layout.slices));
    for (Index slice = 0; slice < layout.slices; ++slice) {
        for (Index j = layout.begin(slice); j < layout.begin(slice + 1); ++j) {
            const double mean = sums.values[static_cast<std::size_t>(j)] / count;
            variances[static_cast<std::size_t>(slice)] +=
                std::max(0.0, sums.squares[static_cast<std::size_t>(j)] / count - mean * mean);
        }
    }
    return variances;
}

}  // namespace quantscope::pq
