// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "core/io/grid_box.h"
#include "core/tensor/fold_rule.h"

namespace quantscope {

/// Where the elements of an n-dimensional tensor lie in the matrix that a folding rule makes of it.
class FoldGeometry {
public:
    /// `fold` has been checked against the shape.
    FoldGeometry(const Shape& shape, const FoldRule& fold);

    Index rows() const { return m_rows; }
    Index cols() const { return m_cols; }
    /// Whether consecutive rows are consecutive in the file.
    bool keepsFileOrder() const { return m_keepsFileOrder; }

    /// Visits the boxes of the tensor that make up a part of the matrix. `offset` is where the
    /// first element of the box belongs, counted in floats from the first element of the part;
    /// `strides`, by axis of the tensor, how far one step along the axis moves there when rows lie
    /// `partStride` apart.
    using Visit =
        std::function<void(const GridBox& box, Index offset, const std::vector<Index>& strides)>;
    void forEachBoxOf(Index firstRow, Index rowCount, Index firstCol, Index colCount,
                      Index partStride, const Visit& visit) const;

private:
    Index m_rows = 0;
    Index m_cols = 0;
    bool m_keepsFileOrder = false;
    std::vector<int> m_rowAxes;
    std::vector<int> m_columnAxes;
    std::vector<Index> m_rowLengths;
    std::vector<Index> m_columnLengths;
    std::vector<Index> m_rowSteps;     ///< By axis: rows that one step moves; 0 for column axes.
    std::vector<Index> m_columnSteps;  ///< The same for columns.
};

}  // namespace quantscope
