// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_fit.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/base/float16.h"

namespace quantscope::scalar {

namespace {

/// Calls body(r, unit, column, code) for all weights of some rows.
template <typename Body>
void forWeights(const ScalarEncoder& encoder, Index firstRow, Index rows, const Body& body) {
    const UnitLayout& layout = encoder.layout();
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(layout.cols()));
    for (Index r = 0; r < rows; ++r) {
        encoder.readRow(firstRow + r, codes);
        layout.forEachRun(firstRow + r, [&](Index unit, Index first, Index count) {
            for (Index c = first; c < first + count; ++c)
                body(r, unit, c, codes[static_cast<std::size_t>(c)]);
        });
    }
}

// `perUnit` coefficients after each other.
std::vector<Index> rowsOfUnits(const UnitLayout& layout, Index perUnit) {
    if (!layout.unitsWithinRows()) return {};
    const Index perRow = perUnit * layout.unitCount() / layout.rows();
    std::vector<Index> rows(static_cast<std::size_t>(perUnit * layout.unitCount()));
    for (std::size_t k = 0; k < rows.size(); ++k)
        rows[k] = static_cast<Index>(k) / perRow;
    return rows;
}

/// value = scale x level of the code.
class ScalesFit final : public GridFit {
public:
    ScalesFit(ScalarEncoder& encoder, const ScaleFormat& format)
        : m_encoder(encoder), m_format(format) {
        const std::vector<float>& levels = encoder.table().levels();
        if (!levels.empty()) {
            m_levels.assign(levels.begin(), levels.end());
            m_hasTable = true;
            return;
        }
        // Uniform grids differ in their zero points only.
        for (std::size_t unit = 0; unit < encoder.scales().size(); ++unit) {
            const UniformGrid grid = encoder.gridOf(static_cast<Index>(unit));
            m_levels.push_back(-grid.offset - grid.shift);
        }
    }

    std::vector<double> coefficients() const override { return m_encoder.scales(); }
    std::vector<Index> rowsOfCoefficients() const override {
        return rowsOfUnits(m_encoder.layout(), 1);
    }

    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override {
        forWeights(m_encoder, firstRow, out.rows,
                   [&](Index r, Index unit, Index column, std::uint32_t code) {
                       out(r, column) = toFiniteFloat(coefficients[static_cast<std::size_t>(unit)] *
                                                      level(unit, code));
                   });
    }

    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override {
        forWeights(m_encoder, firstRow, gradient.rows,
                   [&](Index r, Index unit, Index column, std::uint32_t code) {
                       sums[static_cast<std::size_t>(unit)] +=
                           level(unit, code) * static_cast<double>(gradient(r, column));
                   });
    }

    void store(std::span<const double> coefficients) override {
        const std::vector<double>& zeros = m_encoder.zeroPoints();
        for (std::size_t unit = 0; unit < coefficients.size(); ++unit) {
            m_encoder.setUnit(static_cast<Index>(unit), m_format.nearest(coefficients[unit]),
                              zeros.empty() ? 0.0 : zeros[unit]);
        }
    }

private:
    double level(Index unit, std::uint32_t code) const {
        return m_hasTable ? m_levels[code] : code + m_levels[static_cast<std::size_t>(unit)];
    }

    ScalarEncoder& m_encoder;
    const ScaleFormat& m_format;
    std::vector<double> m_levels;  ///< Of the table, or the level of code 0 of each unit.
    bool m_hasTable = false;
};

/// value = scale x code + origin, where origin = -scale x zero point.
class RangesFit final : public GridFit {
public:
    RangesFit(ScalarEncoder& encoder, const ScaleFormat& format, bool halfZeros)
        : m_encoder(encoder),
          m_format(format),
          m_halfZeros(halfZeros),
          m_scales(encoder.scales()),
          m_zeroPoints(encoder.zeroPoints()) {}

    std::vector<double> coefficients() const override {
        std::vector<double> values;
        for (std::size_t unit = 0; unit < m_encoder.scales().size(); ++unit) {
            values.push_back(m_encoder.scales()[unit]);
            values.push_back(-m_encoder.scales()[unit] * m_encoder.zeroPoints()[unit]);
        }
        return values;
    }
    std::vector<Index> rowsOfCoefficients() const override {
        return rowsOfUnits(m_encoder.layout(), 2);
    }

    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override {
        forWeights(m_encoder, firstRow, out.rows,
                   [&](Index r, Index unit, Index column, std::uint32_t code) {
                       const auto at = static_cast<std::size_t>(2 * unit);
                       out(r, column) =
                           toFiniteFloat(coefficients[at] * code + coefficients[at + 1]);
                   });
    }

    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override {
        forWeights(m_encoder, firstRow, gradient.rows,
                   [&](Index r, Index unit, Index column, std::uint32_t code) {
                       const auto at = static_cast<std::size_t>(2 * unit);
                       const auto value = static_cast<double>(gradient(r, column));
                       sums[at] += code * value;
                       sums[at + 1] += value;
                   });
    }

    void store(std::span<const double> coefficients) override {
        // As far as zero points tell one step from the next.
        const double largestZero = m_halfZeros ? 0x1.0p15 : 0x1.0p23;
        for (std::size_t unit = 0; unit < m_encoder.scales().size(); ++unit) {
            // Without steps there is no zero point to tell.
            const double scale = m_format.nearest(coefficients[2 * unit]);
            if (!(m_scales[unit] > 0.0) || !(scale > 0.0)) {
                m_encoder.setUnit(static_cast<Index>(unit), 0.0, m_zeroPoints[unit]);
                continue;
            }
            const auto zero = static_cast<float>(
                std::clamp(-coefficients[2 * unit + 1] / scale, -largestZero, largestZero));
            m_encoder.setUnit(
                static_cast<Index>(unit), scale,
                static_cast<double>(m_halfZeros ? fromFloat16(toFloat16(zero)) : zero));
        }
    }

private:
    ScalarEncoder& m_encoder;
    const ScaleFormat& m_format;
    bool m_halfZeros;
    std::vector<double> m_scales;  ///< As they were at the start.
    std::vector<double> m_zeroPoints;
};

/// value = level of the code x the one scale.
class LevelsFit final : public GridFit {
public:
    LevelsFit(ScalarEncoder& encoder, bool halfLevels)
        : m_encoder(encoder), m_scale(encoder.scales().front()), m_halfLevels(halfLevels) {}

    std::vector<double> coefficients() const override {
        return {m_encoder.table().levels().begin(), m_encoder.table().levels().end()};
    }

    void decode(std::span<const double> coefficients, Index firstRow,
                MatrixSpan out) const override {
        forWeights(m_encoder, firstRow, out.rows,
                   [&](Index r, Index, Index column, std::uint32_t code) {
                       out(r, column) = toFiniteFloat(coefficients[code] * m_scale);
                   });
    }

    void addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const override {
        forWeights(m_encoder, firstRow, gradient.rows,
                   [&](Index r, Index, Index column, std::uint32_t code) {
                       sums[code] += m_scale * static_cast<double>(gradient(r, column));
                   });
    }

    // Levels that changed places would need other codes: those that are there stay then.
    void store(std::span<const double> coefficients) override {
        constexpr float largestHalf = 65504.0F;
        std::vector<float> levels;
        for (const double coefficient : coefficients) {
            const float level = toFiniteFloat(coefficient);
            levels.push_back(
                m_halfLevels ? fromFloat16(toFloat16(std::clamp(level, -largestHalf, largestHalf)))
                             : level);
        }
        if (std::ranges::is_sorted(levels)) m_encoder.setTable(LevelTable(std::move(levels)));
    }

private:
    ScalarEncoder& m_encoder;
    double m_scale;
    bool m_halfLevels;
};

}  // namespace

std::unique_ptr<GridFit> scalarFit(ScalarEncoder& encoder, const ScalarSettings& settings,
                                   const ScaleFormat& format) {
    if (settings.hasTable() && encoder.layout().wholeTensor())
        return std::make_unique<LevelsFit>(encoder, settings.hasHalfTable());
    if (settings.scheme == Scheme::Range && !settings.hasTable())
        return std::make_unique<RangesFit>(encoder, format, settings.zeroBits() == 16);
    return std::make_unique<ScalesFit>(encoder, format);
}

}  // namespace quantscope::scalar
