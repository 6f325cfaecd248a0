// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/tensor/tensor_source.h"

namespace quantscope {

/// H = (1/n) X^T X of n activations (rows of X) with C channels each, C x C row-major, summed in
/// double in the order of the rows: the same bits at any thread count. Throws Error when there are
/// no rows, and Cancelled.
std::vector<double> hessianOfActivations(const TensorSource& activations,
                                         const std::stop_token& stop);

}  // namespace quantscope
