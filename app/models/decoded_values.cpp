// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/decoded_values.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

ValueHistogram decodedValues(const QuantizedTensor& tensor, const std::stop_token& stop) {
    ValueHistogram histogram;
    const Index step = blockRows(tensor.cols());
    for (Index row = 0; row < tensor.rows(); row += step) {
        throwIfStopped(stop);
        Matrix decoded(std::min(step, tensor.rows() - row), tensor.cols());
        tensor.decode(row, decoded.span());
        const MatrixView values = decoded.view();
        for (Index r = 0; r < values.rows; ++r) {
            for (const float value : values.row(r))
                histogram.add(value);
        }
    }
    return histogram;
}

void setDecodedDensity(LevelsData& levels, const ValueHistogram& values, double count) {
    const auto bins = static_cast<int>(levels.weightDensity.size());
    levels.decodedDensity = values.binned(levels.low, levels.low + levels.binWidth * bins, bins);
    for (double& share : levels.decodedDensity)
        share /= count;
}

}  // namespace quantscope
