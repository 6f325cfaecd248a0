// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <stop_token>

#include "app/models/plot_data.h"
#include "core/quant/quantized_tensor.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Compares a tensor with its decoded form and reduces the error to at most `cells` x `cells` cells
/// of equal extent (to a row and column). Reads and decodes in row blocks, in parallel, with the
/// same bits at any thread count; to be called inside a job. Throws Error or Cancelled.
ErrorMapData buildErrorMap(const TensorSource& weights, const QuantizedTensor& quantized,
                           const QString& title, int cells, const std::stop_token& stop,
                           const std::function<void(double)>& progress = {});

}  // namespace quantscope
