// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/quant/code_grid.h"
#include "plugins/scalar/scalar_encoder.h"

namespace quantscope::scalar {

/// The fitted grid of a tensor: uniform or a table of levels, with the codes still open.
class ScalarGrid final : public CodeGrid {
public:
    /// `encoder` is fitted; its scales fit `format`, which has a base.
    ScalarGrid(MethodSpec spec, const ScalarSettings& settings, const ScaleFormat& format,
               std::unique_ptr<ScalarEncoder> encoder);

    Index columnsPerCode() const override { return 1; }
    Index refitColumns() const override;
    std::unique_ptr<GridRows> rows(Index firstRow, Index count) override;
    /// Scales, with scheme=range zero points as well; the levels of a table that has one scale.
    std::unique_ptr<GridFit> fit() override;
    EncodedTensor finish() override;

private:
    MethodSpec m_spec;
    ScalarSettings m_settings;
    ScaleFormat m_format;
    std::unique_ptr<ScalarEncoder> m_encoder;
};

}  // namespace quantscope::scalar
