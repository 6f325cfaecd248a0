// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/row_vectors.h"
#include "core/quant/run_context.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

struct StreamedKMeansResult {
    Matrix centroids;
    /// Mean squared distance of all vectors from the centroids before each pass; never rises, but
    /// for rounding.
    std::vector<double> objectives;
};

/// Lloyd iterations over all vectors of a tensor, which need not fit into memory: every pass reads
/// it once, block by block, gives each vector to its nearest centroid and then moves centroids to
/// the means of their vectors. (Mini-batches, as in Sculley, "Web-scale k-means clustering", WWW
/// 2010, see as much of the data with noise in the means; a pass has none.) Centroids without
/// vectors stay where they are. Ends early when a pass lowers the objective by less than 1e-5 of
/// itself.
///
/// `centroids`: count x layout.dim, relative to 2^exponent, as what comes back is. Same bits at any
/// thread count. Tells the objectives as shares of the mean square of the vectors. Throws Error for
/// values that are not finite, or Cancelled.
StreamedKMeansResult streamKMeans(const TensorSource& weights, const RowVectors& layout,
                                  int exponent, Matrix centroids, int passes,
                                  const RunContext& context);

}  // namespace quantscope
