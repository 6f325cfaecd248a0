// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// What a grid's values depend on besides the codes: scales, zero points, codewords, called its
/// coefficients c. While the codes stay, every value is linear in them: row r of the tensor is
/// D_r c + o_r, with o_r what does not depend on c (often 0). So the coefficients that are best for
/// given codes, under any quadratic loss, follow by least squares. What a value has of different
/// coefficients, the entries of its row of D, must not differ in sign: the fit is steered by the
/// sums of the rows of D^T D, which then are positive and bound it. Belongs to a CodeGrid, which
/// outlives it, after all its rows were committed. Const calls from any thread.
class GridFit {
public:
    virtual ~GridFit() = default;

    /// The coefficients as they are stored now.
    virtual std::vector<double> coefficients() const = 0;

    /// The row that each coefficient belongs to, where no two rows share one, so that every row can
    /// be fitted by itself; empty where rows share coefficients.
    virtual std::vector<Index> rowsOfCoefficients() const { return {}; }

    /// Fills `out` (rows x all columns) with D_r c + o_r for rows firstRow ...
    virtual void decode(std::span<const double> coefficients, Index firstRow,
                        MatrixSpan out) const = 0;

    /// Adds D_r^T g_r of rows firstRow ... to `sums`, one for each coefficient. `gradient` is rows
    /// x all columns.
    virtual void addTransposed(MatrixView gradient, Index firstRow,
                               std::span<double> sums) const = 0;

    /// Makes these the grid's coefficients, rounded to how they are stored; codes stay. What
    /// coefficients() gave is stored without change.
    virtual void store(std::span<const double> coefficients) = 0;
};

}  // namespace quantscope
