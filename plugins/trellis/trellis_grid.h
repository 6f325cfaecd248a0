// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/code_grid.h"
#include "plugins/trellis/block_schedule.h"
#include "plugins/trellis/trellis_code.h"

namespace quantscope::trellis {

/// The paths of a tensor's columns, still open: a code is a block of at most 256 weights of one
/// column. Scales are fixed.
class TrellisGrid final : public CodeGrid {
public:
    /// `settings` go along columns. `scales` has been stored by their gains.
    TrellisGrid(MethodSpec spec, const TrellisSettings& settings, Index rows, Index cols,
                TrellisCode code, Section scales);

    Index columnsPerCode() const override { return 1; }
    Index rowGranule() const override { return blockLength; }
    Index refitColumns() const override { return 0; }
    std::unique_ptr<GridRows> rows(Index firstRow, Index count) override;
    std::unique_ptr<GridFit> fit() override;
    EncodedTensor finish() override;

private:
    class Rows;

    // Values of the committed codes without scale.
    void readUnscaled(Index firstRow, MatrixSpan out) const;
    void takeScales(Section scales);

    TrellisSettings m_settings;
    BlockLayout m_layout;
    TrellisCode m_code;
    EncodedTensor m_encoded;  ///< Everything but the codes and the code's table.
    std::vector<double> m_gains;
    std::vector<std::uint8_t> m_bytes;  ///< Blocks have bytes of their own.
};

}  // namespace quantscope::trellis
