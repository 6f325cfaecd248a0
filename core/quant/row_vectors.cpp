// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/row_vectors.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace quantscope {

void RowVectors::cut(MatrixView values, Index firstVector, int exponent, MatrixSpan vectors) const {
    assert(values.cols == cols && vectors.cols == dim);
    // In double, because 2^-exponent may lie outside the range of float.
    const double scale = std::exp2(-exponent);
    for (Index i = 0; i < vectors.rows; ++i) {
        const Index v = firstVector + i;
        const Index first = v % perRow() * dim;
        const Index length = this->length(v);
        const float* from = values.data + v / perRow() * values.stride + first;
        float* to = vectors.data + i * vectors.stride;
        for (Index j = 0; j < length; ++j) {
            to[j] = static_cast<float>(static_cast<double>(from[j]) * scale);
        }
        std::fill(to + length, to + dim, 0.0F);
    }
}

std::string refuseVectorLength(Index dim, Index cols) {
    if (dim <= cols) return {};
    return "A row has " + std::to_string(cols) + " columns, too few for vectors of " +
           std::to_string(dim) + ". Choose dim <= " + std::to_string(cols) +
           ", or dim=0 for whole rows.";
}

std::string fillingRemark(const RowVectors& layout) {
    const Index rest = layout.cols % layout.dim;
    if (rest == 0) return {};
    return "The last vector of each row holds " + std::to_string(rest) + " of " +
           std::to_string(layout.dim) + " columns and is filled up with zeros.";
}

}  // namespace quantscope
