// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/codebook.h"
#include "core/quant/packed_codes.h"
#include "core/quant/rate.h"
#include "core/quant/row_vectors.h"

namespace quantscope {

/// A tensor whose vectors are sums of codewords, one of every codebook (residual and additive
/// quantization), or are made of equally long parts that are such sums, each of codebooks of its
/// own: turns packed codes back into values. Vector by vector there is one code for each codebook,
/// part after part.
class SummedCodes {
public:
    /// `codes` must outlive this; `codebooks`: 2^bits x layout.dim / parts each, one for each of
    /// `widths`, whose number `parts` divides. Throws Error when the shape is absurd or the codes
    /// have another size than it needs.
    SummedCodes(const RowVectors& layout, std::span<const std::uint8_t> codes, CodeWidths widths,
                Index parts, std::vector<Matrix> codebooks);

    const RowVectors& layout() const { return m_layout; }
    const std::vector<Matrix>& codebooks() const { return m_codebooks; }

    /// Fills `out` with rows firstRow ... Sums past the range of float become its largest numbers.
    void decode(Index firstRow, MatrixSpan out) const { decode(firstRow, out, stages()); }
    /// The same with the first `stages` codebooks of each part alone.
    void decode(Index firstRow, MatrixSpan out, Index stages) const;
    /// Codebooks of a part.
    Index stages() const { return m_widths.codes() / m_parts; }
    /// See Decoder::codeShape and Decoder::codes.
    CodeShape shape() const { return {m_layout.perRow(), m_widths.bits(), m_parts}; }
    void codes(Index firstRow, std::span<std::uint32_t> out) const;
    /// How often each codeword of each codebook is used, over all codes.
    std::vector<std::vector<std::uint64_t>> counts() const;

    /// What such a tensor costs, besides the exponent of its codebooks.
    static RateLedger rate(const RowVectors& layout, const CodeWidths& widths, Index parts,
                           int bitsPerComponent);

private:
    void decodeRow(std::span<const std::uint32_t> codes, Index stages, std::span<float> row) const;

    RowVectors m_layout;
    std::span<const std::uint8_t> m_codes;
    CodeWidths m_widths;
    Index m_parts;
    std::vector<Matrix> m_codebooks;
};

}  // namespace quantscope
