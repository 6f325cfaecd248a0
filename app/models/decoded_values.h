// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>

#include "app/models/plot_data.h"
#include "core/quant/quantized_tensor.h"
#include "core/tensor/statistics.h"

namespace quantscope {

/// How often each value occurs in the decoded tensor; decodes it block by block. Throws Cancelled.
ValueHistogram decodedValues(const QuantizedTensor& tensor, const std::stop_token& stop);

/// Puts decoded values beside the weights of `levels`, over the same bins, as shares of `count`
/// values.
void setDecodedDensity(LevelsData& levels, const ValueHistogram& values, double count);

}  // namespace quantscope
