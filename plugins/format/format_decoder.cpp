// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/format/format_decoder.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/quant/gains.h"
#include "core/quant/packed_codes.h"

namespace quantscope::format {

namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (format) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

const EncodedTensor& checkedShape(const EncodedTensor& tensor) {
    constexpr Index largest = Index{1} << 57;
    if (tensor.rows <= 0 || tensor.cols <= 0 || tensor.rows > largest / tensor.cols) {
        throw damaged("its shape is " + std::to_string(tensor.rows) + " x " +
                      std::to_string(tensor.cols));
    }
    return tensor;
}

}  // namespace

FormatDecoder::FormatDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(FormatSettings::from(ParameterValues(m_tensor->method.parameters))),
      m_layout(m_settings, checkedShape(*m_tensor).rows, m_tensor->cols),
      m_packing(m_settings.element, m_tensor->cols),
      m_codes(m_tensor->section(CodePacking::sectionName).bytes) {
    const Index codes = m_tensor->rows * m_packing.perRow();
    if (m_codes.size() != PackedCodes::byteCount(codes, m_packing.bitsPerCode())) {
        throw damaged("its codes have " + std::to_string(m_codes.size()) + " bytes");
    }
    m_scales = ScaleCoder(m_settings.scale)
                   .load(m_tensor->section(ScaleCoder::sectionName), m_layout.count());
}

void FormatDecoder::decode(Index firstRow, MatrixSpan out) const {
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(out.cols));
    for (Index r = 0; r < out.rows; ++r) {
        m_packing.unpack(m_codes, firstRow + r, codes);
        Index block = -1;
        double scale = 0.0;
        for (Index c = 0; c < out.cols; ++c) {
            if (m_layout.blockOf(firstRow + r, c) != block) {
                block = m_layout.blockOf(firstRow + r, c);
                scale = m_scales[static_cast<std::size_t>(block)];
            }
            out(r, c) =
                withGain(m_settings.element.value(codes[static_cast<std::size_t>(c)]), scale);
        }
    }
}

std::vector<Codebook> FormatDecoder::codebooks() const {
    Codebook book;
    if (m_packing.valuesPerCode() > 1) {
        // What is stored is a byte for several levels.
        book.name = "groups of levels";
        book.dim = m_packing.valuesPerCode();
        book.counts.resize(std::size_t{1} << m_packing.bitsPerCode());
        for (const std::uint8_t byte : m_codes)
            ++book.counts[byte];
        return {std::move(book)};
    }
    book.name = "levels";
    book.counts.resize(m_settings.element.values().size());
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_tensor->cols));
    for (Index row = 0; row < m_tensor->rows; ++row) {
        m_packing.unpack(m_codes, row, codes);
        for (const std::uint32_t code : codes)
            ++book.counts[code];
    }
    return {std::move(book)};
}

std::vector<float> FormatDecoder::levels(Index row, Index column) const {
    std::vector<float> values;
    for (const float value : m_settings.element.values())
        values.push_back(withGain(value, scaleAt(row, column)));
    std::ranges::sort(values);
    const auto repeated = std::ranges::unique(values);
    values.erase(repeated.begin(), repeated.end());
    return values;
}

}  // namespace quantscope::format
