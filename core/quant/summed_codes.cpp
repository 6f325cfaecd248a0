// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/summed_codes.h"

#include <algorithm>
#include <functional>

#include "core/base/error.h"
#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/quant/packed_codes.h"

namespace quantscope {
namespace {

// Codes that are unpacked at once.
constexpr Index codesAtOnce = 4096;

Error damaged(const std::string& what) {
    return Error("The encoded tensor is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

}  // namespace

SummedCodes::SummedCodes(const RowVectors& layout, std::span<const std::uint8_t> codes, int bits,
                         std::vector<Matrix> codebooks)
    : m_layout(layout), m_codes(codes), m_bits(bits), m_codebooks(std::move(codebooks)) {
    constexpr Index largest = Index{1} << 50;
    if (layout.rows <= 0 || layout.cols <= 0 || layout.dim > layout.cols ||
        layout.rows > largest / layout.cols) {
        throw damaged("its shape is " + std::to_string(layout.rows) + " x " +
                      std::to_string(layout.cols));
    }
    if (codes.size() != PackedCodes::byteCount(layout.count() * codesPerVector(), bits)) {
        throw damaged("its codes have " + std::to_string(codes.size()) + " bytes");
    }
}

void SummedCodes::codes(Index firstRow, std::span<std::uint32_t> out) const {
    PackedCodes::unpack(m_codes, firstRow * m_layout.perRow() * codesPerVector(), m_bits, out);
}

void SummedCodes::decode(Index firstRow, MatrixSpan out, Index books) const {
    const Index perRow = m_layout.perRow() * codesPerVector();
    const Index rowsAtOnce = std::max<Index>(1, codesAtOnce / perRow);
    std::vector<std::uint32_t> codes;
    for (Index begin = 0; begin < out.rows; begin += rowsAtOnce) {
        const Index count = std::min(rowsAtOnce, out.rows - begin);
        codes.resize(static_cast<std::size_t>(count * perRow));
        PackedCodes::unpack(m_codes, (firstRow + begin) * perRow, m_bits, codes);
        for (Index i = 0; i < count; ++i) {
            decodeRow(std::span(codes).subspan(static_cast<std::size_t>(i * perRow),
                                               static_cast<std::size_t>(perRow)),
                      books, out.row(begin + i));
        }
    }
}

void SummedCodes::decodeRow(std::span<const std::uint32_t> codes, Index books,
                            std::span<float> row) const {
    auto vectorCodes = codes.begin();
    for (Index first = 0; first < m_layout.cols; first += m_layout.dim) {
        const std::span<float> vector =
            row.subspan(static_cast<std::size_t>(first),
                        static_cast<std::size_t>(std::min(m_layout.dim, m_layout.cols - first)));
        std::ranges::fill(vector, 0.0F);
        for (Index book = 0; book < books; ++book) {
            const float* const codeword = m_codebooks[static_cast<std::size_t>(book)].data() +
                                          static_cast<Index>(vectorCodes[book]) * m_layout.dim;
            for (std::size_t j = 0; j < vector.size(); ++j)
                vector[j] += codeword[j];
        }
        vectorCodes += codesPerVector();
        // Near the end of the range of float a sum may pass it.
        for (float& value : vector)
            value = toFiniteFloat(static_cast<double>(value));
    }
}

std::vector<std::vector<std::uint64_t>> SummedCodes::counts() const {
    using Counts = std::vector<std::vector<std::uint64_t>>;
    const Counts none(m_codebooks.size(), std::vector<std::uint64_t>(std::size_t{1} << m_bits));
    // Few chunks, because each keeps counts of its own.
    const Index vectors = m_layout.count();
    const Index grain = std::max<Index>(codesAtOnce, vectors / 8 + 1);
    return parallelReduce(
        vectors, grain, {}, none,
        [&](Index begin, Index end) {
            Counts part = none;
            std::vector<std::uint32_t> codes(m_codebooks.size());
            for (Index vector = begin; vector < end; ++vector) {
                PackedCodes::unpack(m_codes, vector * codesPerVector(), m_bits, codes);
                for (std::size_t stage = 0; stage < codes.size(); ++stage)
                    ++part[stage][codes[stage]];
            }
            return part;
        },
        [](Counts& total, const Counts& part) {
            for (std::size_t stage = 0; stage < total.size(); ++stage)
                std::ranges::transform(total[stage], part[stage], total[stage].begin(),
                                       std::plus());
        });
}

RateLedger SummedCodes::rate(const RowVectors& layout, Index codebooks, int bits,
                             int bitsPerComponent) {
    RateLedger rate;
    const std::uint64_t codeBits = PackedCodes::bitCount(layout.count() * codebooks, bits);
    rate[RatePart::Codes] = codeBits;
    rate[RatePart::Padding] = (8 - codeBits % 8) % 8;
    rate[RatePart::Codebooks] =
        static_cast<std::uint64_t>(codebooks * (Index{1} << bits) * layout.dim * bitsPerComponent);
    return rate;
}

}  // namespace quantscope
