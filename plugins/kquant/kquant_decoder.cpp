// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kquant/kquant_decoder.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/float16.h"
#include "core/quant/gains.h"
#include "core/quant/packed_codes.h"
#include "plugins/kquant/kquant_quantizer.h"

namespace quantscope::kquant {

namespace {

Error damaged(const std::string& what) {
    return Error("The encoded tensor (kquant) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

Index checkedSize(const EncodedTensor& tensor) {
    constexpr Index largest = Index{1} << 57;
    if (tensor.rows <= 0 || tensor.cols <= 0 || tensor.rows > largest / tensor.cols) {
        throw damaged("its shape is " + std::to_string(tensor.rows) + " x " +
                      std::to_string(tensor.cols));
    }
    return tensor.rows * tensor.cols;
}

std::span<const std::uint8_t> bytesOf(const EncodedTensor& tensor, const char* name, Index count,
                                      int width) {
    const std::vector<std::uint8_t>& bytes = tensor.section(name).bytes;
    if (bytes.size() != PackedCodes::byteCount(count, width)) {
        throw damaged(std::string("section '") + name + "' has " + std::to_string(bytes.size()) +
                      " bytes");
    }
    return bytes;
}

std::vector<std::uint32_t> unpacked(const EncodedTensor& tensor, const char* name, Index count,
                                    int width) {
    const std::span<const std::uint8_t> bytes = bytesOf(tensor, name, count, width);
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(count));
    PackedCodes::unpack(bytes, 0, width, codes);
    return codes;
}

}  // namespace

KquantDecoder::KquantDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_layout(layoutFrom(ParameterValues(m_tensor->method.parameters))),
      m_superblocks(superblockCount(m_layout, checkedSize(*m_tensor))) {
    m_codes = bytesOf(*m_tensor, codesSection, m_superblocks * m_layout.superblock, m_layout.bits);
    m_floats = unpacked(*m_tensor, floatsSection, m_superblocks * m_layout.floats(), 16);
    for (const std::uint32_t half : m_floats) {
        if (!std::isfinite(fromFloat16(static_cast<std::uint16_t>(half)))) {
            throw damaged("a scale is not finite");
        }
    }
    if (m_layout.hasParts()) {
        const Index parts = m_superblocks * m_layout.parts();
        m_scales = unpacked(*m_tensor, scalesSection, parts, m_layout.scaleBits);
        if (m_layout.isAffine()) {
            m_minima = unpacked(*m_tensor, minimaSection, parts, m_layout.scaleBits);
        }
    }
    const std::uint32_t exponent = unpacked(*m_tensor, exponentSection, 1, exponentBits).front();
    m_factor = std::exp2(static_cast<std::int16_t>(static_cast<std::uint16_t>(exponent)));
}

// Parts are numbered through all superblocks.
PartFit KquantDecoder::fitOf(Index part) const {
    const Index block = part / m_layout.parts();
    const auto floats = static_cast<std::size_t>(m_layout.floats());
    Superblock stored;
    for (std::size_t i = 0; i < floats; ++i) {
        stored.floats.push_back(
            static_cast<std::uint16_t>(m_floats[static_cast<std::size_t>(block) * floats + i]));
    }
    const auto at = static_cast<std::size_t>(part);
    if (!m_scales.empty()) stored.scales = {m_scales[at]};
    if (!m_minima.empty()) stored.minima = {m_minima[at]};
    return storedFit(m_layout, stored, 0);
}

float KquantDecoder::value(std::uint32_t code, const PartFit& fit) const {
    return withGain(levelOf(m_layout, code) * fit.scale - fit.minimum, m_factor);
}

void KquantDecoder::decode(Index firstRow, MatrixSpan out) const {
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(out.cols));
    for (Index r = 0; r < out.rows; ++r) {
        const Index first = (firstRow + r) * out.cols;
        PackedCodes::unpack(m_codes, first, m_layout.bits, codes);
        Index part = -1;
        PartFit fit;
        for (Index c = 0; c < out.cols; ++c) {
            if ((first + c) / m_layout.part != part) {
                part = (first + c) / m_layout.part;
                fit = fitOf(part);
            }
            out(r, c) = value(codes[static_cast<std::size_t>(c)], fit);
        }
    }
}

std::vector<Codebook> KquantDecoder::codebooks() const {
    Codebook book;
    book.name = "levels";
    book.counts.resize(static_cast<std::size_t>(m_layout.levelCount()));
    // The zeros that fill up the last superblock are codes, too.
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_layout.superblock));
    for (Index block = 0; block < m_superblocks; ++block) {
        PackedCodes::unpack(m_codes, block * m_layout.superblock, m_layout.bits, codes);
        for (const std::uint32_t code : codes)
            ++book.counts[code];
    }
    return {std::move(book)};
}

std::vector<float> KquantDecoder::levels(Index row, Index column) const {
    const PartFit fit = fitOf((row * m_tensor->cols + column) / m_layout.part);
    std::vector<float> values;
    for (std::uint32_t code = 0; code < static_cast<std::uint32_t>(m_layout.levelCount()); ++code)
        values.push_back(value(code, fit));
    std::ranges::sort(values);
    return values;
}

}  // namespace quantscope::kquant
