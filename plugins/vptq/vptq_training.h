// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/quant/run_context.h"
#include "core/quant/side_information.h"
#include "core/tensor/tensor_source.h"
#include "plugins/vptq/vptq_settings.h"

namespace quantscope::vptq {

/// The columns with the largest diagonal values, ascending; of equal ones the first.
std::vector<Index> largestColumns(std::span<const double> diagonal, Index count);

/// Codebooks as they are stored: relative to 2^exponent.
struct TrainedBooks {
    int exponent = 0;
    std::vector<std::vector<Matrix>> books;  ///< By kind and stage.
};

/// Trains the codebooks of every kind by k-means of its vectors (and of what the first book leaves
/// of them), each vector weighted by the Hessian's diagonal for its column where that is known.
/// `columns`: those of each kind, ascending; `weights` divided by gains. Throws Error for weights
/// that are not finite, or Cancelled.
TrainedBooks trainBooks(const TensorSource& weights, const VptqSettings& settings,
                        const std::vector<ColumnKind>& kinds,
                        const std::vector<std::vector<Index>>& columns, const Hessian* hessian,
                        const RunContext& context);

}  // namespace quantscope::vptq
