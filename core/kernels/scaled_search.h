// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/nearest.h"
#include "core/kernels/residual_search.h"

namespace quantscope {

/// Factors for the components of vectors, which turn a weighted squared error into a plain one: the
/// roots of the weights. Vector v has those of block v % blocks, as the vectors of rows have that
/// are cut into `blocks` of them each. One block of ones weighs nothing.
struct BlockScales {
    Matrix factors;  ///< blocks x dim, finite, >= 0.

    /// All components count the same.
    static BlockScales none(Index dim);
    /// From the weights of the columns of rows (>= 0): the roots, about 1 on average, for rows that
    /// are cut into vectors of `dim`.
    static BlockScales fromWeights(std::span<const double> columnWeights, Index dim);

    Index blocks() const { return factors.rows(); }
    std::span<const float> of(Index vector) const { return factors.view().row(vector % blocks()); }
};

/// Searches codes of vectors that are sums of codewords by the least scaled error: in codebooks
/// that are scaled beforehand, once for each block.
class ScaledSearch {
public:
    /// `books`: codebooks of one length of vectors. Keeps blocks x codewords x dim numbers three
    /// times. Throws Cancelled.
    ScaledSearch(std::span<const Matrix> books, const BlockScales& scales, Index beam,
                 const std::stop_token& stop);
    // Searches refer to the panels, which stay where they are when moved.
    ScaledSearch(const ScaledSearch&) = delete;
    ScaledSearch& operator=(const ScaledSearch&) = delete;
    ScaledSearch(ScaledSearch&&) = default;
    ScaledSearch& operator=(ScaledSearch&&) = delete;

    /// Writes codes (rows x books) of the rows of `vectors`, whose numbers in the tensor are
    /// `numbers`, unscaled, as ResidualSearch finds them. Serial.
    void search(MatrixView vectors, std::span<const Index> numbers,
                std::span<std::uint32_t> codes) const;
    /// The same of vectors that follow each other, from `firstNumber` on.
    void search(MatrixView vectors, Index firstNumber, std::span<std::uint32_t> codes) const;

private:
    const BlockScales& m_scales;
    std::size_t m_books;
    std::vector<CodewordPanels> m_panels;    // Block by block.
    std::vector<ResidualSearch> m_searches;  // Of each block.
};

}  // namespace quantscope
