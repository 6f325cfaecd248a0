// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/io/tensor_file.h"
#include "core/tensor/statistics.h"

namespace quantscope {

/// Statistics of a tensor of a file. Its elements are read once, in the order of the file and in
/// small blocks, whatever its folding and however long its rows. Throws Error when the tensor is
/// not numeric or cannot be read, and Cancelled. `progress` as for computeStatistics.
TensorStatistics tensorStatistics(const TensorFile& file, const TensorInfo& tensor,
                                  const std::stop_token& stop,
                                  const std::function<void(double)>& progress = {});

}  // namespace quantscope
