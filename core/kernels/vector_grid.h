// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/kernels/nearest.h"
#include "core/kernels/residual_search.h"
#include "core/kernels/scaled_search.h"
#include "core/quant/code_grid.h"
#include "core/quant/packed_codes.h"
#include "core/quant/row_vectors.h"

namespace quantscope {

/// How rows are cut into the parts of vectors that have codes of their own, and where the codewords
/// of these come from. Parts are equally long; each is the sum of one codeword from every one of
/// its stages.
struct PartLayout {
    RowVectors vectors;   ///< Codes are packed vector by vector.
    CodeWidths widths;    ///< Of the codes of a vector, part after part; at most 16 bits.
    Index parts = 1;      ///< Of a vector; divides vectors.dim.
    Index stages = 1;     ///< Codes of a part.
    bool shared = false;  ///< All parts have the same codebooks.
    Index beam = 1;       ///< Sequences of codes that the search keeps.

    Index dim() const { return vectors.dim / parts; }
    Index bookSets() const { return shared ? 1 : parts; }
    /// Of a row, parts behind its last column among them.
    Index partsPerRow() const { return vectors.perRow() * parts; }
    /// The first codebook of a part of a row.
    std::size_t firstBook(Index partOfRow) const {
        return static_cast<std::size_t>(partOfRow % parts % bookSets() * stages);
    }
};

/// The codebooks of a tensor whose rows are cut into vectors, with the codes still open: residual
/// and product quantizers. One code of the grid stands for the channels of a part and is found as
/// the quantizers find it.
class VectorGrid final : public CodeGrid {
public:
    struct Books {
        std::vector<Matrix> codewords;  ///< Relative to 2^exponent; a set's stages one by one.
        int exponent = 0;
        bool half = true;  ///< They are binary16 numbers.
        /// Of each set, where errors are weighted: blocks as there are vectors in a row.
        std::vector<BlockScales> scales = {};
    };
    /// Puts together what is stored, from the packed codes and the codewords.
    using Finish = std::function<EncodedTensor(std::vector<std::uint8_t> codes,
                                               const std::vector<Matrix>& codewords)>;

    /// Throws Cancelled.
    VectorGrid(PartLayout layout, Books books, Finish finish, std::stop_token stop);

    Index columnsPerCode() const override { return m_layout.dim(); }
    Index refitColumns() const override { return 0; }
    std::unique_ptr<GridRows> rows(Index firstRow, Index count) override;
    /// The codewords, relative to 2^exponent.
    std::unique_ptr<GridFit> fit() override;
    EncodedTensor finish() override;

private:
    class Rows;
    class Fit;

    // All that follows from the codewords.
    void prepare();
    void search(Index partOfRow, MatrixView x, std::span<std::uint32_t> codes) const;
    void codesOfRow(Index row, std::span<std::uint32_t> codes) const;
    // Writes the value of a part of a row, as decoders do.
    void addUp(Index partOfRow, std::span<const std::uint32_t> codes, std::span<float> out) const;

    PartLayout m_layout;
    Books m_books;
    Finish m_finish;
    std::stop_token m_stop;
    std::vector<Matrix> m_values;          ///< Codewords at their true magnitude.
    std::vector<CodewordPanels> m_panels;  ///< Where errors are not weighted.
    std::vector<ResidualSearch> m_plain;   ///< The same with several stages: of each set.
    std::vector<std::unique_ptr<ScaledSearch>> m_weighted;  ///< Of each set, where they are.
    std::vector<std::uint8_t> m_codes;
};

}  // namespace quantscope
