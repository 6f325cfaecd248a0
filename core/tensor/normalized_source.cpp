// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/normalized_source.h"

#include <cmath>

namespace quantscope {

void normalizeRows(MatrixSpan values) {
    for (Index r = 0; r < values.rows; ++r) {
        const std::span<float> row = values.row(r);
        double energy = 0.0;
        for (const float value : row)
            energy += static_cast<double>(value) * value;
        if (energy == 0.0) continue;
        const double scale = 1.0 / std::sqrt(energy);
        for (float& value : row)
            value = static_cast<float>(value * scale);
    }
}

NormalizedSource::NormalizedSource(std::unique_ptr<const TensorSource> base)
    : m_base(std::move(base)) {}

void NormalizedSource::read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    m_base->read(firstRow, out, stop);
    normalizeRows(out);
}

}  // namespace quantscope
