// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/summed_codes.h"

#include <algorithm>
#include <functional>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/parallel.h"

namespace quantscope {
namespace {

// Codes that are unpacked at once.
constexpr Index codesAtOnce = 4096;

Error damaged(const std::string& what) {
    return Error("The encoded tensor is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

}  // namespace

SummedCodes::SummedCodes(const RowVectors& layout, std::span<const std::uint8_t> codes,
                         CodeWidths widths, Index parts, std::vector<Matrix> codebooks)
    : m_layout(layout),
      m_codes(codes),
      m_widths(std::move(widths)),
      m_parts(parts),
      m_codebooks(std::move(codebooks)) {
    constexpr Index largest = Index{1} << 50;
    if (layout.rows <= 0 || layout.cols <= 0 || layout.dim > layout.cols ||
        layout.rows > largest / layout.cols || layout.dim % parts != 0) {
        throw damaged("its shape is " + std::to_string(layout.rows) + " x " +
                      std::to_string(layout.cols));
    }
    if (codes.size() != m_widths.byteCount(layout.count())) {
        throw damaged("its codes have " + std::to_string(codes.size()) + " bytes");
    }
}

void SummedCodes::codes(Index firstRow, std::span<std::uint32_t> out) const {
    m_widths.unpack(m_codes, firstRow * m_layout.perRow(), out);
}

void SummedCodes::decode(Index firstRow, MatrixSpan out, Index stages) const {
    const Index perRow = m_layout.perRow() * m_widths.codes();
    const Index rowsAtOnce = std::max<Index>(1, codesAtOnce / perRow);
    std::vector<std::uint32_t> rowCodes;
    for (Index begin = 0; begin < out.rows; begin += rowsAtOnce) {
        const Index count = std::min(rowsAtOnce, out.rows - begin);
        rowCodes.resize(static_cast<std::size_t>(count * perRow));
        codes(firstRow + begin, rowCodes);
        for (Index i = 0; i < count; ++i) {
            decodeRow(std::span(rowCodes).subspan(static_cast<std::size_t>(i * perRow),
                                                  static_cast<std::size_t>(perRow)),
                      stages, out.row(begin + i));
        }
    }
}

void SummedCodes::decodeRow(std::span<const std::uint32_t> codes, Index stages,
                            std::span<float> row) const {
    const Index dim = m_layout.dim / m_parts;
    auto partCodes = codes.begin();
    Index part = 0;
    // Behind the last column a vector may have parts that are filled up altogether.
    for (Index first = 0; first < m_layout.cols; first += dim) {
        const std::span<float> values =
            row.subspan(static_cast<std::size_t>(first),
                        static_cast<std::size_t>(std::min(dim, m_layout.cols - first)));
        std::ranges::fill(values, 0.0F);
        const auto book = static_cast<std::size_t>(part * this->stages());
        for (Index stage = 0; stage < stages; ++stage) {
            const Matrix& codebook = m_codebooks[book + static_cast<std::size_t>(stage)];
            const float* const codeword =
                codebook.data() + static_cast<Index>(partCodes[stage]) * dim;
            for (std::size_t j = 0; j < values.size(); ++j)
                values[j] += codeword[j];
        }
        partCodes += this->stages();
        part = (part + 1) % m_parts;
        // Near the end of the range of float a sum may pass it.
        for (float& value : values)
            value = toFiniteFloat(static_cast<double>(value));
    }
}

std::vector<std::vector<std::uint64_t>> SummedCodes::counts() const {
    using Counts = std::vector<std::vector<std::uint64_t>>;
    Counts none;
    for (const int bits : m_widths.bits())
        none.emplace_back(std::size_t{1} << bits);
    // Few chunks, because each keeps counts of its own.
    const Index vectors = m_layout.count();
    const Index grain = std::max<Index>(codesAtOnce, vectors / 8 + 1);
    return parallelReduce(
        vectors, grain, {}, none,
        [&](Index begin, Index end) {
            Counts part = none;
            std::vector<std::uint32_t> codes(m_codebooks.size());
            for (Index vector = begin; vector < end; ++vector) {
                m_widths.unpack(m_codes, vector, codes);
                for (std::size_t book = 0; book < codes.size(); ++book)
                    ++part[book][codes[book]];
            }
            return part;
        },
        [](Counts& total, const Counts& part) {
            for (std::size_t book = 0; book < total.size(); ++book)
                std::ranges::transform(total[book], part[book], total[book].begin(), std::plus());
        });
}

RateLedger SummedCodes::rate(const RowVectors& layout, const CodeWidths& widths, Index parts,
                             int bitsPerComponent) {
    RateLedger rate;
    const std::uint64_t codeBits = widths.bitCount(layout.count());
    rate[RatePart::Codes] = codeBits;
    rate[RatePart::Padding] = (8 - codeBits % 8) % 8;
    for (const int bits : widths.bits()) {
        rate[RatePart::Codebooks] += static_cast<std::uint64_t>(
            (Index{1} << bits) * (layout.dim / parts) * bitsPerComponent);
    }
    return rate;
}

}  // namespace quantscope
