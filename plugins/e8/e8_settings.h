// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/quant/gains.h"
#include "core/quant/row_vectors.h"

namespace quantscope::e8 {

/// Which eight weights make a vector.
enum class Along {
    Rows,     ///< Of one row, consecutive columns.
    Columns,  ///< Of one column, consecutive rows.
};

/// The parameters of the lattice quantizer, typed.
struct E8Settings {
    int bits = 2;
    Along along = Along::Rows;
    GainSettings gains;

    /// Throws Error when a parameter is missing or out of range.
    static E8Settings from(const ParameterValues& values);

    /// Vectors along columns are those of the transposed matrix.
    RowVectors layout(Index rows, Index cols) const;
    int codeWidth() const { return 8 * bits; }
    /// What unit-variance weights are multiplied by to meet the first book, and what is left then
    /// to meet the second: the best for N(0,1), found by scanning.
    double inputScale() const;
    double residualScale() const;
};

/// The schema of the method "e8".
std::vector<ParameterSpec> e8Parameters();

}  // namespace quantscope::e8
