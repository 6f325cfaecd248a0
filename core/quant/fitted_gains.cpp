// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/fitted_gains.h"

#include <numeric>

#include "core/quant/scale_format.h"

namespace quantscope {

FittedGains::FittedGains(const GainSettings& settings, Index rows, const std::vector<double>& gains,
                         Unscaled unscaled, Take take)
    : m_settings(settings),
      m_rows(rows),
      m_gains(gains),
      m_unscaled(std::move(unscaled)),
      m_take(std::move(take)) {}

std::vector<Index> FittedGains::rowsOfCoefficients() const {
    if (!m_settings.perRow) return {};
    std::vector<Index> rows(static_cast<std::size_t>(m_rows));
    std::iota(rows.begin(), rows.end(), Index{0});
    return rows;
}

void FittedGains::decode(std::span<const double> coefficients, Index firstRow,
                         MatrixSpan out) const {
    m_unscaled(firstRow, out);
    for (Index r = 0; r < out.rows; ++r) {
        for (float& value : out.row(r))
            value = withGain(value, coefficients[m_settings.unitOf(firstRow + r)]);
    }
}

void FittedGains::addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const {
    Matrix values(gradient.rows, gradient.cols);
    m_unscaled(firstRow, values.span());
    for (Index r = 0; r < gradient.rows; ++r) {
        double sum = 0.0;
        for (Index c = 0; c < gradient.cols; ++c)
            sum += static_cast<double>(values(r, c)) * static_cast<double>(gradient(r, c));
        sums[m_settings.unitOf(firstRow + r)] += sum;
    }
}

void FittedGains::store(std::span<const double> coefficients) {
    const ScaleFormat format(m_settings.scaleType());
    std::vector<double> gains(coefficients.begin(), coefficients.end());
    for (double& gain : gains)
        gain = format.nearest(gain);
    m_take(m_settings.store(std::move(gains)));
}

}  // namespace quantscope
