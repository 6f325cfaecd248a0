// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string>

#include "core/base/matrix_view.h"

namespace quantscope {

/// How the rows of a matrix are cut into vectors of `dim` components: from the left, and where dim
/// does not divide the columns, the last vector of each row is filled up with zeros. Vectors are
/// numbered row by row.
struct RowVectors {
    Index rows = 0;
    Index cols = 0;
    Index dim = 1;

    Index perRow() const { return (cols + dim - 1) / dim; }
    Index count() const { return rows * perRow(); }
    /// Components of a vector that are not filled up.
    Index length(Index vector) const { return std::min(dim, cols - vector % perRow() * dim); }

    /// Fills `vectors` (any number x dim) with vectors firstVector ... of `values` (rows of `cols`
    /// columns, the first of which begins vector 0), multiplied by 2^-exponent. Exact, but for
    /// numbers far below the largest.
    void cut(MatrixView values, Index firstVector, int exponent, MatrixSpan vectors) const;
};

/// Why rows of `cols` columns cannot be cut into vectors of `dim`, with a way out for methods whose
/// parameter "dim" is 0 for whole rows; empty if they can.
std::string refuseVectorLength(Index dim, Index cols);

/// What the user should know when vectors are filled up with zeros; empty if none is.
std::string fillingRemark(const RowVectors& layout);

}  // namespace quantscope
