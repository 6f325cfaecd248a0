// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/tensor_statistics.h"

#include <numeric>

namespace quantscope {

TensorStatistics tensorStatistics(const TensorFile& file, const TensorInfo& tensor,
                                  const std::stop_token& stop,
                                  const std::function<void(double)>& progress) {
    // Every element a row of its own.
    FoldRule elements;
    elements.rowAxes.resize(tensor.shape.size());
    std::iota(elements.rowAxes.begin(), elements.rowAxes.end(), 0);
    return computeStatistics(*file.source(tensor.name, elements, stop), stop, progress);
}

}  // namespace quantscope
