// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/kernels/nearest.h"
#include "core/kernels/residual_search.h"
#include "core/quant/code_grid.h"
#include "plugins/vptq/vptq_model.h"

namespace quantscope::vptq {

/// The vectors of a tensor with their codes still open. Gains are fixed; codewords can be fitted
/// anew to the codes.
class VptqGrid final : public CodeGrid {
public:
    /// `encoded` holds everything but the codes. Throws Cancelled.
    VptqGrid(EncodedTensor encoded, const std::stop_token& stop);

    Index columnsPerCode() const override { return 1; }
    Index refitColumns() const override { return 0; }
    Index rowGranule() const override { return m_granule; }
    std::unique_ptr<GridRows> rows(Index firstRow, Index count) override;
    std::unique_ptr<GridFit> fit() override;
    EncodedTensor finish() override;

    const VptqModel& model() const { return m_model; }
    /// Of the vector that holds `row`, one for each stage.
    std::span<const std::uint32_t> codesAt(Index row, Index column) const;
    /// Replaces the codebooks by these, relative to 2^exponent, as they are stored.
    void setBooks(std::vector<std::vector<Matrix>> books);

private:
    class Rows;
    /// What finds the codes of a kind.
    struct Search {
        std::vector<CodewordPanels> panels;
        std::unique_ptr<const ResidualSearch> stages;  ///< For more than one.
    };

    void prepareSearch();
    std::size_t firstCode(Index row, Index column) const;

    EncodedTensor m_encoded;
    std::stop_token m_stop;
    VptqModel m_model;
    Index m_granule = 8;
    std::vector<Search> m_searches;                   ///< By kind.
    std::vector<std::vector<std::uint32_t>> m_codes;  ///< By kind; vector by vector.
};

}  // namespace quantscope::vptq
