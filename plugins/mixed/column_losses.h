// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/quant/quantizer.h"
#include "core/quant/side_information.h"
#include "core/tensor/tensor_source.h"

namespace quantscope::mixed {

/// Sum of squared errors of each column when `weights` decode as `decoder` says, or of its squared
/// weights without one. One pass in blocks, the same bits at any number of threads. Throws Error
/// for weights that are not finite, or Cancelled.
std::vector<double> columnErrors(const TensorSource& weights, const Decoder* decoder,
                                 const std::stop_token& stop);

/// What a squared error in each column costs the layer's output: the Hessian's diagonal, or 1.
std::vector<double> columnWeights(const SideInformation& side, Index cols);

/// The Hessian of some columns.
SideInformation sideOfColumns(const SideInformation& side, const std::vector<Index>& columns);

}  // namespace quantscope::mixed
