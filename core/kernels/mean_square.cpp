// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/mean_square.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/squared_norm.h"

namespace quantscope {

double meanSquare(MatrixView x, const std::stop_token& stop) {
    constexpr Index chunkFloats = Index{1} << 18;
    const double sum = parallelReduce(
        x.rows, std::max<Index>(1, chunkFloats / x.cols), stop, 0.0,
        [&](Index begin, Index end) {
            double part = 0.0;
            for (Index row = begin; row < end; ++row)
                part += squaredNorm(x.row(row));
            return part;
        },
        [](double& total, double part) { total += part; });
    return sum / static_cast<double>(x.rows);
}

}  // namespace quantscope
