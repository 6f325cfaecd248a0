// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/tensor_source.h"

#include <algorithm>

#include "core/base/parallel.h"

namespace quantscope {

void ViewSource::read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    throwIfStopped(stop);
    for (Index r = 0; r < out.rows; ++r) {
        std::ranges::copy(m_values.row(firstRow + r), out.row(r).begin());
    }
}

ColumnSource::ColumnSource(const TensorSource& base, std::vector<Index> columns)
    : m_base(base), m_columns(std::move(columns)) {}

void ColumnSource::read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    Matrix whole(out.rows, m_base.cols());
    m_base.read(firstRow, whole.span(), stop);
    for (Index r = 0; r < out.rows; ++r) {
        for (Index c = 0; c < out.cols; ++c) {
            out(r, c) = whole(r, m_columns[static_cast<std::size_t>(c)]);
        }
    }
}

Matrix readAll(const TensorSource& source, const std::stop_token& stop) {
    Matrix values(source.rows(), source.cols());
    const Index step = blockRows(source.cols());
    for (Index first = 0; first < values.rows(); first += step) {
        throwIfStopped(stop);
        const Index count = std::min(step, values.rows() - first);
        source.read(first, values.span().middleRows(first, count), stop);
    }
    return values;
}

Index blockRows(Index cols) {
    constexpr Index blockFloats = Index{1} << 18;
    return std::max<Index>(1, blockFloats / std::max<Index>(1, cols));
}

}  // namespace quantscope
