// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/code_grid.h"
#include "core/tensor/tensor_source.h"

namespace quantscope::mixed {

/// The grids of the base method for the columns of each number of bits.
class MixedGrid final : public CodeGrid {
public:
    /// The columns with one number of bits.
    struct Part {
        int bits = 0;
        std::vector<Index> columns;                  ///< Of the whole tensor.
        std::unique_ptr<const TensorSource> source;  ///< Those columns; outlived by the grid's use.
        std::unique_ptr<CodeGrid> grid;              ///< Null for 0 bits: the columns are zero.
    };

    /// `encoded` has everything but the parts' sections. Each part's grid has one column per code.
    MixedGrid(EncodedTensor encoded, std::vector<Part> parts);

    Index columnsPerCode() const override { return 1; }
    Index refitColumns() const override { return 0; }
    /// The least that the granules of all parts divide.
    Index rowGranule() const override;
    std::unique_ptr<GridRows> rows(Index firstRow, Index count) override;
    /// The coefficients of all parts, one part's after the other's; null when a part has none.
    std::unique_ptr<GridFit> fit() override;
    EncodedTensor finish() override;

private:
    EncodedTensor m_encoded;
    std::vector<Part> m_parts;
};

}  // namespace quantscope::mixed
