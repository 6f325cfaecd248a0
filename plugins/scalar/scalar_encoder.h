// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/quant/encoded_tensor.h"
#include "core/quant/run_context.h"
#include "core/quant/scale_format.h"
#include "core/tensor/weight_reader.h"
#include "plugins/scalar/clip_search.h"
#include "plugins/scalar/level_grid.h"
#include "plugins/scalar/unit_layout.h"

namespace quantscope::scalar {

/// One run of the quantizer over one tensor, with scales in one format.
class ScalarEncoder {
public:
    /// `importance`: what errors count by column; empty for all the same.
    ScalarEncoder(const ScalarSettings& settings, const TensorSource& weights,
                  const ScaleFormat& format, std::vector<float> importance,
                  const std::stop_token& stop);

    /// Whether train() has anything to do.
    bool needsTraining() const { return m_settings.hasTable() || !m_layout.unitsWithinRows(); }
    /// Fits scales (where units do not lie within rows) and the level table.
    void train(const RunContext& context);
    /// Fits the units that train() leaves to encode(), for codes that others choose.
    void fitRows(const RunContext& context);
    /// Codes all weights, fitting the units of each row first where train() did not.
    void encode(const RunContext& context);

    const UnitLayout& layout() const { return m_layout; }
    const std::vector<double>& scales() const { return m_scales; }
    /// The grid of a unit; not for level tables.
    UniformGrid gridOf(Index unit) const;
    /// Empty for uniform grids.
    const LevelTable& table() const { return m_table; }
    /// Fits a unit that lies within one row, from `column` on, to other weights than its own, with
    /// scales in `format`.
    void refit(Index unit, std::span<const float> weights, Index column, const ScaleFormat& format);
    /// By unit; empty where the scheme has none.
    const std::vector<double>& zeroPoints() const { return m_zeroPoints; }
    /// Takes a scale, and a zero point where there are any, that can be stored as they are.
    void setUnit(Index unit, double scale, double zeroPoint);
    /// Takes levels that can be stored as they are, ascending.
    void setTable(LevelTable table) { m_table = std::move(table); }
    /// The codes of one row as they were stored.
    void readRow(Index row, std::span<std::uint32_t> codes) const;
    /// Takes the codes of whole rows as they were chosen elsewhere; `firstRow` is a multiple of 8.
    void storeRows(Index firstRow, std::span<const std::uint32_t> codes);
    /// What is stored; `format` has a base.
    std::vector<Section> takeSections(const ScaleFormat& format);

private:
    void fitUniformUnits(const RunContext& context);
    void trainTable(const RunContext& context);
    LevelTable tableForScales();
    bool refitScales();
    UniformGrid fitUnit(std::span<const float> weights, Index column, const GridRule& rule) const;
    std::span<const float> importanceOf(Index column, std::size_t count) const;
    // Codes of up to 8 bits are bytes until they are packed.
    template <typename Code>
    void encodeAs(const RunContext& context);
    template <typename Code>
    void encodeBlock(Index firstRow, MatrixView block);
    template <typename Code>
    void encodeRow(Index row, std::span<const float> weights, Code* codes);
    template <typename Code>
    void encodeRun(Index unit, std::span<const float> weights, Code* codes) const;
    void setGrid(Index unit, const UniformGrid& grid);
    std::vector<std::uint32_t> zeroWords() const;

    const ScalarSettings m_settings;
    const UnitLayout m_layout;
    const ScaleFormat m_format;
    const GridRule m_rule;
    const WeightReader m_reader;
    const std::vector<float> m_importance;
    std::vector<double> m_scales;      ///< By unit.
    std::vector<double> m_zeroPoints;  ///< By unit; empty where the scheme has none.
    LevelTable m_table;                ///< Empty for uniform grids.
    std::vector<std::uint8_t> m_codes;
};

}  // namespace quantscope::scalar
