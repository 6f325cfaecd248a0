// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/quant/side_information.h"

namespace quantscope {

/// What damping adds to the diagonal of a Hessian: `damping` x mean(diag H).
double addedByDamping(const Hessian& hessian, double damping);

/// H' = H + addedByDamping() I in single precision, size x size, row-major, with rows and columns
/// in `order` (a permutation of the channels).
std::vector<float> dampedHessian(const Hessian& hessian, double damping,
                                 std::span<const Index> order);

/// The layer loss e H' e^T of every row e of `errors` (any number of rows x size), in double
/// precision on the calling thread. `hessian` is full; `added` is what damping adds.
std::vector<double> layerLosses(const Hessian& hessian, double added, MatrixView errors);

}  // namespace quantscope
