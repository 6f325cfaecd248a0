// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_grid.h"

#include "plugins/scalar/scalar_fit.h"

namespace quantscope::scalar {

namespace {

/// Chosen codes are kept column by column, as they come, and turned into rows at the end.
class ScalarGridRows final : public GridRows {
public:
    ScalarGridRows(ScalarEncoder& encoder, const ScaleFormat& format, Index firstRow, Index count)
        : m_encoder(encoder),
          m_format(format),
          m_firstRow(firstRow),
          m_count(count),
          m_codes(static_cast<std::size_t>(count * encoder.layout().cols())) {}

    void round(Index column, MatrixView weights, MatrixSpan rounded) override {
        const float* values = weights.row(0).data();
        float* out = rounded.row(0).data();
        std::uint16_t* codes = m_codes.data() + column * m_count;
        if (m_encoder.table().empty()) {
            loadGrids(column);
            for (Index r = 0; r < m_count; ++r) {
                const UniformGrid& grid = m_grids[static_cast<std::size_t>(r)];
                const std::uint32_t code = grid.code(values[r]);
                codes[r] = static_cast<std::uint16_t>(code);
                out[r] = grid.value(code);
            }
            return;
        }
        const LevelTable& table = m_encoder.table();
        for (Index r = 0; r < m_count; ++r) {
            const double scale = m_encoder.scales()[unitAt(r, column)];
            const std::uint32_t code = table.code(scale > 0.0 ? values[r] / scale : 0.0);
            codes[r] = static_cast<std::uint16_t>(code);
            out[r] = toFiniteFloat(table.levels()[code] * scale);
        }
    }

    void refit(Index column, MatrixView weights) override {
        std::vector<float> unit(static_cast<std::size_t>(weights.rows));
        for (Index r = 0; r < m_count; ++r) {
            for (Index c = 0; c < weights.rows; ++c)
                unit[static_cast<std::size_t>(c)] = weights(c, r);
            m_encoder.refit(static_cast<Index>(unitAt(r, column)), unit, column, m_format);
        }
        m_loadedUnit = -1;
    }

    bool resume(MatrixSpan values) override {
        const LevelTable& table = m_encoder.table();
        const Index cols = m_encoder.layout().cols();
        std::vector<std::uint32_t> codes(static_cast<std::size_t>(cols));
        for (Index r = 0; r < m_count; ++r) {
            m_encoder.readRow(m_firstRow + r, codes);
            m_encoder.layout().forEachRun(
                m_firstRow + r, [&](Index unit, Index first, Index count) {
                    const UniformGrid grid = table.empty() ? m_encoder.gridOf(unit) : UniformGrid();
                    const double scale = m_encoder.scales()[static_cast<std::size_t>(unit)];
                    for (Index c = first; c < first + count; ++c) {
                        const std::uint32_t code = codes[static_cast<std::size_t>(c)];
                        m_codes[static_cast<std::size_t>(c * m_count + r)] =
                            static_cast<std::uint16_t>(code);
                        values(c, r) = table.empty() ? grid.value(code)
                                                     : toFiniteFloat(table.levels()[code] * scale);
                    }
                });
        }
        m_loadedUnit = -1;
        return true;
    }

    void commit() override {
        constexpr Index tile = 32;
        const Index cols = m_encoder.layout().cols();
        std::vector<std::uint32_t> codes(m_codes.size());
        for (Index first = 0; first < cols; first += tile) {
            const Index end = std::min(first + tile, cols);
            for (Index r = 0; r < m_count; ++r) {
                for (Index c = first; c < end; ++c) {
                    codes[static_cast<std::size_t>(r * cols + c)] =
                        m_codes[static_cast<std::size_t>(c * m_count + r)];
                }
            }
        }
        m_encoder.storeRows(m_firstRow, codes);
    }

private:
    std::size_t unitAt(Index row, Index column) const {
        return static_cast<std::size_t>(m_encoder.layout().unitOf(m_firstRow + row, column));
    }

    // Columns of one group follow each other, so their grids are looked up once.
    void loadGrids(Index column) {
        const auto unit = static_cast<Index>(unitAt(0, column));
        if (unit == m_loadedUnit) return;
        m_grids.resize(static_cast<std::size_t>(m_count));
        for (Index r = 0; r < m_count; ++r) {
            m_grids[static_cast<std::size_t>(r)] =
                m_encoder.gridOf(static_cast<Index>(unitAt(r, column)));
        }
        m_loadedUnit = unit;
    }

    ScalarEncoder& m_encoder;
    const ScaleFormat& m_format;
    Index m_firstRow;
    Index m_count;
    std::vector<std::uint16_t> m_codes;  ///< Columns x rows.
    std::vector<UniformGrid> m_grids;    ///< Of m_loadedUnit and its neighbours below.
    Index m_loadedUnit = -1;
};

}  // namespace

ScalarGrid::ScalarGrid(MethodSpec spec, const ScalarSettings& settings, const ScaleFormat& format,
                       std::unique_ptr<ScalarEncoder> encoder)
    : m_spec(std::move(spec)),
      m_settings(settings),
      m_format(format),
      m_encoder(std::move(encoder)) {}

Index ScalarGrid::refitColumns() const {
    const bool fixed = m_settings.hasTable() || m_settings.granularity != Granularity::Group;
    return fixed ? 0 : m_settings.group;
}

std::unique_ptr<GridRows> ScalarGrid::rows(Index firstRow, Index count) {
    return std::make_unique<ScalarGridRows>(*m_encoder, m_format, firstRow, count);
}

std::unique_ptr<GridFit> ScalarGrid::fit() {
    return scalarFit(*m_encoder, m_settings, m_format);
}

EncodedTensor ScalarGrid::finish() {
    EncodedTensor encoded{m_spec, m_encoder->layout().rows(), m_encoder->layout().cols(),
                          Json::object(), m_encoder->takeSections(m_format)};
    return encoded;
}

}  // namespace quantscope::scalar
