// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/grid_fit.h"
#include "core/quant/run_context.h"
#include "core/quant/side_information.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

struct LayerFitOptions {
    /// Ends when the gradient, as the preconditioner measures it, has fallen by this factor.
    double tolerance = 1e-5;
    int iterations = 64;  ///< At most.
};

/// Layer losses tr(E H' E^T); `after` <= `before`, and equal where nothing was changed.
struct LayerFitResult {
    double before = 0.0;
    double after = 0.0;
    int iterations = 0;  ///< Of conjugate gradients.
};

/// Fits the coefficients behind the committed codes of a grid to the layer loss by least squares,
/// the codes as they are: scales as in decoupleQ (Guo et al. 2024), codewords as in PV-Tuning
/// (Malinovskii et al. 2024). Conjugate gradients on the normal equations D^T D c H' = D^T W H',
/// preconditioned by their row sums with the diagonal of H' alone; where rows share
/// no coefficients, each is a problem of its own with its own steps. The result is stored as the
/// grid stores it and kept only if the loss measured after that is lower: row by row where that is
/// possible, and then for the whole; otherwise the grid is as before, bit for bit.
///
/// `hessian` is full, H' = H + damping x mean(diag H) I. Same bits at any thread count. Throws
/// Error for weights that are not finite, or Cancelled.
LayerFitResult fitToLayerLoss(const TensorSource& weights, const Hessian& hessian, double damping,
                              GridFit& fit, const LayerFitOptions& options,
                              const RunContext& context);

}  // namespace quantscope
