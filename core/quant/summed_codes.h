// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/codebook.h"
#include "core/quant/rate.h"
#include "core/quant/row_vectors.h"

namespace quantscope {

/// A tensor whose vectors are sums of codewords, one of every codebook (residual and additive
/// quantization): turns packed codes back into values. Vector by vector there is one code of
/// `bits` bits for each codebook.
class SummedCodes {
public:
    /// `codes` must outlive this; `codebooks`: 2^bits x layout.dim each. Throws Error when the
    /// shape is absurd or the codes have another size than it needs.
    SummedCodes(const RowVectors& layout, std::span<const std::uint8_t> codes, int bits,
                std::vector<Matrix> codebooks);

    const RowVectors& layout() const { return m_layout; }
    const std::vector<Matrix>& codebooks() const { return m_codebooks; }

    /// Fills `out` with rows firstRow ... Sums past the range of float become its largest numbers.
    void decode(Index firstRow, MatrixSpan out) const { decode(firstRow, out, codesPerVector()); }
    /// The same with the first `books` codebooks alone.
    void decode(Index firstRow, MatrixSpan out, Index books) const;
    /// See Decoder::codeShape and Decoder::codes.
    CodeShape shape() const { return {m_layout.perRow(), codesPerVector(), m_bits}; }
    void codes(Index firstRow, std::span<std::uint32_t> out) const;
    /// How often each codeword of each codebook is used, over all codes.
    std::vector<std::vector<std::uint64_t>> counts() const;

    /// What such a tensor costs, besides the exponent of its codebooks.
    static RateLedger rate(const RowVectors& layout, Index codebooks, int bits,
                           int bitsPerComponent);

private:
    void decodeRow(std::span<const std::uint32_t> codes, Index books, std::span<float> row) const;
    Index codesPerVector() const { return static_cast<Index>(m_codebooks.size()); }

    RowVectors m_layout;
    std::span<const std::uint8_t> m_codes;
    int m_bits;
    std::vector<Matrix> m_codebooks;
};

}  // namespace quantscope
