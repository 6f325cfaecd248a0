// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/e8/e8_decoder.h"

#include "core/base/error.h"
#include "core/quant/packed_codes.h"

namespace quantscope::e8 {

namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (e8) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

RowVectors checkedLayout(const E8Settings& settings, const EncodedTensor& tensor) {
    constexpr Index largest = Index{1} << 56;
    if (tensor.rows <= 0 || tensor.cols <= 0 || tensor.rows > largest / tensor.cols) {
        throw damaged("its shape is " + std::to_string(tensor.rows) + " x " +
                      std::to_string(tensor.cols));
    }
    return settings.layout(tensor.rows, tensor.cols);
}

}  // namespace

E8Decoder::E8Decoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(E8Settings::from(ParameterValues(m_tensor->method.parameters))),
      m_layout(checkedLayout(m_settings, *m_tensor)),
      m_codes(m_tensor->section(E8Quantizer::codesSection).bytes),
      m_gains(m_settings.gains.load(*m_tensor)),
      m_code(m_settings) {
    if (m_codes.size() != PackedCodes::byteCount(m_layout.count(), m_settings.codeWidth())) {
        throw damaged("its codes have " + std::to_string(m_codes.size()) + " bytes");
    }
}

// Without gain; vectors along columns.
void E8Decoder::decodeColumn(Index firstRow, Index column, std::span<float> out) const {
    const Index firstVector = firstRow / dim;
    const Index endVector = (firstRow + static_cast<Index>(out.size()) + dim - 1) / dim;
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(endVector - firstVector));
    PackedCodes::unpack(m_codes, column * m_layout.perRow() + firstVector, m_settings.codeWidth(),
                        codes);
    Index row = firstVector * dim - firstRow;
    for (const std::uint32_t code : codes) {
        for (const float value : m_code.point(code)) {
            if (row >= 0 && row < static_cast<Index>(out.size()))
                out[static_cast<std::size_t>(row)] = value;
            ++row;
        }
    }
}

void E8Decoder::decode(Index firstRow, MatrixSpan out) const {
    if (m_settings.along == Along::Rows) {
        decodeRows(m_code, m_layout, m_settings.codeWidth(), m_codes, firstRow, out);
    } else {
        std::vector<float> column(static_cast<std::size_t>(out.rows));
        for (Index c = 0; c < out.cols; ++c) {
            decodeColumn(firstRow, c, column);
            for (Index r = 0; r < out.rows; ++r)
                out(r, c) = column[static_cast<std::size_t>(r)];
        }
    }
    for (Index r = 0; r < out.rows; ++r) {
        const double gain = m_gains[m_settings.gains.unitOf(firstRow + r)];
        for (float& value : out.row(r))
            value = withGain(value, gain);
    }
}

std::vector<Codebook> E8Decoder::codebooks() const {
    constexpr Index codesAtOnce = Index{1} << 14;
    std::vector<Codebook> books(m_settings.bits == 2 ? 1 : 2);
    books[0] = {"E8P", dim, std::vector<std::uint64_t>(E8pBook::size), {}};
    if (m_settings.bits > 2) {
        const std::uint32_t size = m_settings.bits == 3 ? E8Book::size : E8pBook::size;
        books[1] = {"residual", dim, std::vector<std::uint64_t>(size), {}};
    }
    std::vector<std::uint32_t> codes(codesAtOnce);
    for (Index first = 0; first < m_layout.count(); first += codesAtOnce) {
        const auto part = std::span(codes).first(
            static_cast<std::size_t>(std::min(codesAtOnce, m_layout.count() - first)));
        PackedCodes::unpack(m_codes, first, m_settings.codeWidth(), part);
        for (const std::uint32_t code : part) {
            ++books[0].counts[code & (E8pBook::size - 1)];
            if (books.size() > 1) ++books[1].counts[code >> 16];
        }
    }
    return books;
}

std::vector<float> E8Decoder::levels(Index /*row*/, Index /*column*/) const {
    return {};
}

}  // namespace quantscope::e8
