// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pq/slice_variance.h"

#include <algorithm>

namespace quantscope::pq {

std::vector<double> sliceVariances(MatrixView rows, const SliceLayout& layout) {
    const auto cols = static_cast<std::size_t>(layout.cols);
    std::vector<double> sums(cols);
    std::vector<double> squares(cols);
    for (Index row = 0; row < rows.rows; ++row) {
        const std::span<const float> values = rows.row(row);
        for (std::size_t j = 0; j < cols; ++j) {
            const auto value = static_cast<double>(values[j]);
            sums[j] += value;
            squares[j] += value * value;
        }
    }
    const auto count = static_cast<double>(rows.rows);
    std::vector<double> variances(static_cast<std::size_t>(layout.slices));
    for (Index slice = 0; slice < layout.slices; ++slice) {
        for (Index j = layout.begin(slice); j < layout.begin(slice + 1); ++j) {
            const double mean = sums[static_cast<std::size_t>(j)] / count;
            variances[static_cast<std::size_t>(slice)] +=
                std::max(0.0, squares[static_cast<std::size_t>(j)] / count - mean * mean);
        }
    }
    return variances;
}

}  // namespace quantscope::pq
