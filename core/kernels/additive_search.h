// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Codebooks whose codewords are summed, prepared for improving codes: with the products of all
/// pairs of codewords, the error of every change of one code is known without a look at the
/// vector's components.
class AdditiveSearch {
public:
    /// `codebooks`: count_m x dim each. Keeps productBytes() of memory. In parallel; throws
    /// Cancelled.
    AdditiveSearch(std::span<const MatrixView> codebooks, const std::stop_token& stop);

    /// Memory for the products of `codewords` codewords in all.
    static std::uint64_t productBytes(Index codewords);

    /// Lowers |x - sum_m c_m[code_m]|^2 for every row of `x` (n x dim), starting from `codes` (n x
    /// codebooks), by iterated local search: iterated conditional modes, in which each code in turn
    /// becomes the best one given the others, until none changes; then `rounds` times: one code
    /// becomes the next best of its codebook, the modes are iterated again with that code last, and
    /// an improvement is kept. Rounds go through the codebooks, then on to the code after the next
    /// best. (Martinez, Clement, Hoos, Little, "Revisiting additive quantization", ECCV 2016,
    /// section 3.1, set codes at random instead, which takes more rounds.) Never ends above the
    /// error it began with. Serial.
    void improve(MatrixView x, std::span<std::uint32_t> codes, int rounds) const;

private:
    struct Book {
        Index first = 0;  ///< Place of its first codeword among all, a multiple of the lanes.
        Index count = 0;
    };

    double squaredError(std::span<const float> x, std::span<const std::uint32_t> codes) const;

    Index m_dim;
    std::vector<Book> m_books;
    Matrix m_codewords;                 ///< All codebooks below each other, zeros between them.
    std::vector<float> m_squaredNorms;  ///< Of these rows; infinite for the rows between.
    Matrix m_products;                  ///< 2 c.c' of these rows; 0 within a codebook.
};

}  // namespace quantscope
