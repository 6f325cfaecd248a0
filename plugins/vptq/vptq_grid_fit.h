// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/quant/grid_fit.h"
#include "plugins/vptq/vptq_grid.h"

namespace quantscope::vptq {

/// The components of all codewords as coefficients, book by book, in units of the gains.
class VptqGridFit final : public GridFit {
public:
    explicit VptqGridFit(VptqGrid& grid);

    std::vector<double> coefficients() const override;
    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override;
    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override;
    void store(std::span<const double> coefficients) override;

private:
    // Calls visit(coefficient) for those that the value at a place is the sum of.
    template <typename Visit>
    void forCoefficients(Index row, Index column, const Visit& visit) const;

    VptqGrid& m_grid;
    std::vector<std::vector<std::size_t>> m_first;  ///< Of the books, by kind and stage.
    std::size_t m_count = 0;
};

}  // namespace quantscope::vptq
