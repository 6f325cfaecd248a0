// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "core/quant/side_information.h"

namespace quantscope {

// Losses of H, the Hessian as it is given, judge results; those of H', the damped one, are what
// error feedback and the fits after it lower.

/// tr(E H E^T) for `errors` E, without damping; with the diagonal of H alone where that is all
/// there is, and the squared sum without a Hessian. In parallel, in double precision, the same bits
/// at any thread count. Throws Error as HessianForm does, or Cancelled.
double layerLoss(MatrixView errors, const std::shared_ptr<const Hessian>& hessian,
                 const std::stop_token& stop);

/// What damping adds to the diagonal of a Hessian: `damping` x mean(diag H).
double addedByDamping(const Hessian& hessian, double damping);

/// H' = H + addedByDamping() I in single precision, size x size, row-major, with rows and columns
/// in `order` (a permutation of the channels). In parallel. Throws Cancelled.
std::vector<float> dampedHessian(const Hessian& hessian, double damping,
                                 std::span<const Index> order, const std::stop_token& stop);

/// The layer loss e H' e^T of every row e of `errors` (any number of rows x size), in double
/// precision on the calling thread. `hessian` is full; `added` is what damping adds. Throws
/// Cancelled.
std::vector<double> layerLosses(const Hessian& hessian, double added, MatrixView errors,
                                const std::stop_token& stop);

}  // namespace quantscope
