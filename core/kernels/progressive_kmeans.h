// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kernels/kmeans.h"

namespace quantscope {

/// Vectors of these lengths are trained through subspaces: shorter ones gain nothing, and the axes
/// of longer ones would take longer than the k-means.
inline constexpr Index leastProgressiveDim = 16;
inline constexpr Index mostProgressiveDim = 256;

/// k-means through growing subspaces: first along the principal axis of the rows, then, from the
/// centroids found so far, along more of the principal axes, and at last in all dimensions (Liu,
/// Shao, Lu, "Improved residual vector quantization for high-dimensional approximate nearest
/// neighbor search", 2015, section 3.1). Finds lower minima than seeding in all dimensions where
/// rows look like noise with a decaying spectrum, as residuals do; where rows have clusters of
/// their own, kMeans() does better.
///
/// `x`: n x dim, dim within the bounds above. Parameters, errors, and same bits at any thread count
/// as kMeans(); objectives are those of the last pass, progress covers all. Another n x dim floats.
KMeansResult progressiveKMeans(MatrixView x, const KMeansParameters& parameters,
                               const RunContext& context);

/// Multiply-adds of this, roughly.
double progressiveKMeansWork(const KMeansParameters& parameters, Index rows, Index dim);

}  // namespace quantscope
