// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/fold_geometry.h"

namespace quantscope {

namespace {

/// Lengths of the named axes, in that order.
std::vector<Index> lengthsOf(const Shape& shape, const std::vector<int>& axes) {
    std::vector<Index> lengths;
    for (const int axis : axes)
        lengths.push_back(shape[static_cast<std::size_t>(axis)]);
    return lengths;
}

/// By axis: how far one step along it moves in the row-major grid of `axes`; 0 for other axes.
std::vector<Index> stepsOf(const Shape& shape, const std::vector<int>& axes) {
    std::vector<Index> steps(shape.size(), 0);
    Index step = 1;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
        steps[static_cast<std::size_t>(*axis)] = step;
        step *= shape[static_cast<std::size_t>(*axis)];
    }
    return steps;
}

Index positionOf(const std::vector<Index>& start, const std::vector<Index>& steps) {
    Index position = 0;
    for (std::size_t axis = 0; axis < start.size(); ++axis)
        position += start[axis] * steps[axis];
    return position;
}

void place(const std::vector<int>& axes, const GridBox& part, GridBox& box) {
    for (std::size_t i = 0; i < axes.size(); ++i) {
        box.start[static_cast<std::size_t>(axes[i])] = part.start[i];
        box.count[static_cast<std::size_t>(axes[i])] = part.count[i];
    }
}

}  // namespace

FoldGeometry::FoldGeometry(const Shape& shape, const FoldRule& fold)
    : m_rows(fold.rows(shape)),
      m_cols(fold.cols(shape)),
      m_keepsFileOrder(fold.keepsFileOrder(shape)),
      m_rowAxes(fold.rowAxes),
      m_columnAxes(fold.columnAxes(shape)),
      m_rowLengths(lengthsOf(shape, m_rowAxes)),
      m_columnLengths(lengthsOf(shape, m_columnAxes)),
      m_rowSteps(stepsOf(shape, m_rowAxes)),
      m_columnSteps(stepsOf(shape, m_columnAxes)) {}

void FoldGeometry::forEachBoxOf(Index firstRow, Index rowCount, Index firstCol, Index colCount,
                                Index partStride, const Visit& visit) const {
    std::vector<Index> strides(m_rowSteps.size());
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
        strides[axis] = m_rowSteps[axis] * partStride + m_columnSteps[axis];
    }
    GridBox box{std::vector<Index>(strides.size()), std::vector<Index>(strides.size())};
    forEachBox(m_rowLengths, firstRow, firstRow + rowCount, [&](const GridBox& rowPart) {
        place(m_rowAxes, rowPart, box);
        forEachBox(m_columnLengths, firstCol, firstCol + colCount, [&](const GridBox& columnPart) {
            place(m_columnAxes, columnPart, box);
            const Index row = positionOf(box.start, m_rowSteps) - firstRow;
            const Index col = positionOf(box.start, m_columnSteps) - firstCol;
            visit(box, row * partStride + col, strides);
        });
    });
}

}  // namespace quantscope
