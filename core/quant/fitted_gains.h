// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "core/quant/gains.h"
#include "core/quant/grid_fit.h"

namespace quantscope {

/// The gains of a grid as its coefficients, for grids whose codes stand for values that are
/// multiplied by the gain of their unit.
class FittedGains final : public GridFit {
public:
    /// Fills `out` (any rows x all columns) with the values of rows firstRow ... before gains.
    using Unscaled = std::function<void(Index firstRow, MatrixSpan out)>;
    /// Takes the section that holds the new gains.
    using Take = std::function<void(Section scales)>;

    /// `gains` outlives this and is what `take` changes; one for each unit of `rows` rows.
    FittedGains(const GainSettings& settings, Index rows, const std::vector<double>& gains,
                Unscaled unscaled, Take take);

    std::vector<double> coefficients() const override { return m_gains; }
    std::vector<Index> rowsOfCoefficients() const override;
    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override;
    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override;
    void store(std::span<const double> coefficients) override;

private:
    GainSettings m_settings;
    Index m_rows;
    const std::vector<double>& m_gains;
    Unscaled m_unscaled;
    Take m_take;
};

}  // namespace quantscope
