// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/quant/encoded_tensor.h"
#include "plugins/format/format_settings.h"

namespace quantscope::format {

/// The blocks of a tensor: runs of its weights that share a scale. Numbered in the order of the
/// weights.
class BlockLayout {
public:
    BlockLayout(const FormatSettings& settings, Index rows, Index cols);

    Index count() const;
    Index blockOf(Index row, Index column) const;
    /// Rows after which a block of rows may end: blocks and bytes of codes end there as well.
    Index rowGranule(int width) const;

    /// Calls body(block, first, count) for the pieces of `rows` whole rows that begin with
    /// firstRow; `first` counts weights from the first of them.
    template <typename Body>
    void forEachBlock(Index firstRow, Index rows, Body&& body) const {
        if (m_across) {
            const Index start = firstRow * m_cols;
            for (Index first = 0; first < rows * m_cols; first += m_block)
                body((start + first) / m_block, first, std::min(m_block, rows * m_cols - first));
            return;
        }
        Index block = firstRow * perRow();
        for (Index row = 0; row < rows; ++row) {
            for (Index first = 0; first < m_cols; first += m_block, ++block)
                body(block, row * m_cols + first, std::min(m_block, m_cols - first));
        }
    }

private:
    Index perRow() const { return (m_cols + m_block - 1) / m_block; }

    Index m_rows;
    Index m_cols;
    Index m_block;
    bool m_across;
};

/// The ideal scales of all blocks become stored ones.
class ScaleCoder {
public:
    static constexpr const char* sectionName = "scales";

    explicit ScaleCoder(ScaleKind kind) : m_kind(kind) {}

    /// The nearest scale that can be stored, as far as that does not depend on other scales.
    double rounded(double scale) const;
    /// Replaces all scales by stored ones, and returns what is stored. `largestLevel` is the
    /// largest value of the element.
    Section store(std::vector<double>& scales) const;
    /// Throws Error when the section does not hold `count` valid scales.
    std::vector<double> load(const Section& section, Index count) const;
    std::uint64_t bitCount(Index count) const;

private:
    Section storeBytes(std::vector<double>& scales) const;
    Section storeFloat8(std::vector<double>& scales) const;

    ScaleKind m_kind;
};

}  // namespace quantscope::format
