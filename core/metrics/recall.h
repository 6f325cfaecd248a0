// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/base/matrix_view.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/run_context.h"

namespace quantscope {

/// How well a search over reconstructed vectors finds the true neighbours; means over all queries.
struct Recall {
    double atK = 0.0;         ///< |found k and true k| / k.
    double nearestInK = 0.0;  ///< Share of queries whose true nearest row is among the found k.
};

/// Exact queries (nq x d) against the rows of `base` as they are decoded, by squared Euclidean
/// distance; ties go to the lower row. `neighbors` (nq x neighborsPerQuery, nearest first) are row
/// numbers of the true neighbours; the first k of them count. The base is decoded in blocks and
/// never kept. Same bits at any thread count. Throws Error when shapes do not fit or k exceeds what
/// is given; Cancelled.
Recall recallAt(const QuantizedTensor& base, MatrixView queries,
                std::span<const std::int64_t> neighbors, Index neighborsPerQuery, Index k,
                const RunContext& context);

/// Memory that recallAt takes besides the queries and neighbours for vectors of `cols` values,
/// roughly.
std::uint64_t searchBytes(Index cols);

}  // namespace quantscope
