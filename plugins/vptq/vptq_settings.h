// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/hessian/feedback_factor.h"
#include "core/quant/gains.h"
#include "core/quant/parameter.h"
#include "core/quant/row_vectors.h"

namespace quantscope::vptq {

std::vector<ParameterSpec> vptqParameters();

/// The columns that have codebooks of their own in common: all but the outliers, or these.
struct ColumnKind {
    std::string name;       ///< In names of sections: "main", "outliers".
    Index columns = 0;      ///< How many.
    Index dim = 1;          ///< Rows of a vector.
    std::vector<int> bits;  ///< Widths of the codes of a vector: one for each stage.
    std::string parameter;  ///< By which the user chooses their codebooks.

    Index stages() const { return static_cast<Index>(bits.size()); }
    Index codewords(Index stage) const { return Index{1} << bits[static_cast<std::size_t>(stage)]; }
    /// Columns are cut into vectors as rows are elsewhere; vectors are numbered column by column.
    RowVectors layout(Index rows) const { return {columns, rows, dim}; }
};

/// The parameters of the method as plain values.
struct VptqSettings {
    int bits = 8;
    Index dim = 4;
    int residualBits = 0;  ///< 0 for no second book.
    double outlierPercent = 0.0;
    int outlierBits = 8;
    Index outlierDim = 2;
    bool feedback = true;
    ColumnOrder order = ColumnOrder::Descending;
    double damping = 0.01;
    GainSettings gains;
    int iterations = 25;
    Index train = 0;  ///< Most vectors; 0 for all.
    bool half = true;

    /// Throws Error when a parameter is missing or impossible.
    static VptqSettings from(const ParameterValues& values);

    /// At most half of the columns.
    Index outlierColumns(Index cols) const;
    /// Those with columns: one or two.
    std::vector<ColumnKind> kinds(Index cols) const;
    Index trainedVectors(const RowVectors& layout) const;
};

}  // namespace quantscope::vptq
