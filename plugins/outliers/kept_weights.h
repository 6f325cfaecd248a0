// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/quant/encoded_tensor.h"
#include "core/quant/side_information.h"

namespace quantscope::outliers {

/// Weights that are kept as 16-bit floats, row by row, columns ascending. Stored as their number
/// in every row (in as many bits as the number of columns needs), their columns, and their values
/// relative to a power of two.
class KeptWeights {
public:
    KeptWeights(Index rows, Index cols) : m_cols(cols), m_rowEnds(static_cast<std::size_t>(rows)) {}

    /// Reads them back; throws Error when the sections do not fit.
    static KeptWeights load(const EncodedTensor& tensor);
    std::vector<Section> sections() const;
    static RateLedger rate(Index rows, Index cols, Index count);

    /// Weights are added in the order of their place.
    void add(Index row, Index column, float value);
    /// Ends the list, and rounds the values to what is stored.
    void finish();

    /// Calls visit(column, value) for the weights of a row.
    template <typename Visit>
    void forEachIn(Index row, const Visit& visit) const {
        const auto at = static_cast<std::size_t>(row);
        for (std::size_t i = at == 0 ? 0 : m_rowEnds[at - 1]; i < m_rowEnds[at]; ++i)
            visit(static_cast<Index>(m_columns[i]), m_values[i]);
    }
    Index count() const { return std::ssize(m_columns); }

private:
    Index m_cols;
    int m_exponent = 0;
    std::vector<std::size_t> m_rowEnds;  ///< By row: weights up to and with it.
    std::vector<std::uint32_t> m_columns;
    std::vector<float> m_values;
};

/// How many of `total` are kept for a share in percent.
Index keptCount(double percent, Index total);

/// The `count` weights with the largest w^2 (times the Hessian's diagonal, when one is given), of
/// equal ones the first. Throws Cancelled.
KeptWeights largestWeights(MatrixView weights, const Hessian* hessian, Index count,
                           const std::stop_token& stop);

/// All weights of the `count` columns with the largest sum of w^2 (times the diagonal). Throws
/// Cancelled.
KeptWeights largestColumns(MatrixView weights, const Hessian* hessian, Index count,
                           const std::stop_token& stop);

}  // namespace quantscope::outliers
