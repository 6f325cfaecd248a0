// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/code_grid.h"
#include "plugins/e8/e8_quantizer.h"

namespace quantscope::e8 {

/// The vectors of a tensor, along rows or columns, with their codes still open.
class E8Grid final : public CodeGrid {
public:
    /// `scales` has been stored by the gains of `settings`.
    E8Grid(MethodSpec spec, const E8Settings& settings, Index rows, Index cols, Section scales);

    Index columnsPerCode() const override { return m_settings.along == Along::Rows ? dim : 1; }
    Index refitColumns() const override { return 0; }
    std::unique_ptr<GridRows> rows(Index firstRow, Index count) override;
    std::unique_ptr<GridFit> fit() override;
    EncodedTensor finish() override;

private:
    class Rows;

    // Where the code of a weight is, among all.
    Index codeAt(Index row, Index column) const {
        return m_settings.along == Along::Rows ? row * m_layout.perRow() + column / dim
                                               : column * m_layout.perRow() + row / dim;
    }
    // Points of the committed codes.
    void readPoints(Index firstRow, MatrixSpan out) const;
    void takeScales(Section scales);

    E8Settings m_settings;
    RowVectors m_layout;
    E8Code m_code;
    EncodedTensor m_encoded;  ///< Everything but the codes: the scales.
    std::vector<double> m_gains;
    std::vector<std::uint8_t> m_bytes;  ///< Codes take whole bytes.
};

}  // namespace quantscope::e8
