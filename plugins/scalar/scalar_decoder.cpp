// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/scalar/scalar_decoder.h"

#include <bit>
#include <cmath>

#include "core/base/error.h"
#include "core/base/float16.h"
#include "core/base/parallel.h"
#include "core/quant/byte_codes.h"
#include "core/quant/packed_codes.h"
#include "core/quant/scale_format.h"
#include "plugins/scalar/clip_search.h"
#include "plugins/scalar/scalar_sections.h"

namespace quantscope::scalar {

namespace {

constexpr Index codesAtOnce = Index{1} << 16;

Error damaged(const std::string& what) {
    return Error("The encoded tensor (scalar) is damaged: " + what + ".",
                 "Read the artifact from its original place, or quantize again.");
}

// Codes are at most 16 bits wide, so this bound keeps every size below 2^62 bits.
const EncodedTensor& checkedShape(const EncodedTensor& tensor) {
    constexpr Index largest = Index{1} << 57;
    if (tensor.rows <= 0 || tensor.cols <= 0 || tensor.rows > largest / tensor.cols) {
        throw damaged("its shape is " + std::to_string(tensor.rows) + " x " +
                      std::to_string(tensor.cols));
    }
    return tensor;
}

std::span<const std::uint8_t> packedSection(const EncodedTensor& tensor, const char* name,
                                            Index count, int bits) {
    const Section& section = tensor.section(name);
    if (section.bytes.size() != PackedCodes::byteCount(count, bits)) {
        throw damaged(std::string("section '") + name + "' has " +
                      std::to_string(section.bytes.size()) + " bytes");
    }
    return section.bytes;
}

float floatOf(std::uint32_t word, bool half) {
    return half ? fromFloat16(static_cast<std::uint16_t>(word)) : std::bit_cast<float>(word);
}

}  // namespace

ScalarDecoder::ScalarDecoder(std::shared_ptr<const EncodedTensor> tensor)
    : m_tensor(std::move(tensor)),
      m_settings(ScalarSettings::from(ParameterValues(m_tensor->method.parameters))),
      m_layout(m_settings, checkedShape(*m_tensor).rows, m_tensor->cols) {
    m_codes =
        packedSection(*m_tensor, codesSection, m_tensor->rows * m_tensor->cols, m_settings.bits);
    m_scales = ScaleFormat::load(m_settings.scale, m_tensor->section(scalesSection).bytes,
                                 static_cast<std::size_t>(m_layout.unitCount()));
    if (m_settings.zeroBits() > 0) loadZeroPoints();
    if (m_settings.hasTable()) loadTable();
}

void ScalarDecoder::loadZeroPoints() {
    const int width = m_settings.zeroBits();
    const auto bytes = packedSection(*m_tensor, zerosSection, m_layout.unitCount(), width);
    std::vector<std::uint32_t> words(m_scales.size());
    PackedCodes::unpack(bytes, 0, width, words);
    for (const std::uint32_t word : words) {
        m_zeroPoints.push_back(m_settings.scheme == Scheme::Range ? floatOf(word, width == 16)
                                                                  : static_cast<double>(word));
        if (!std::isfinite(m_zeroPoints.back())) throw damaged("a zero point is not finite");
    }
}

void ScalarDecoder::loadTable() {
    const std::vector<std::uint8_t>& bytes = m_tensor->section(levelsSection).bytes;
    const std::size_t width = m_settings.hasHalfTable() ? 2 : 4;
    if (bytes.size() != m_settings.levelCount() * width)
        throw damaged("its level table is cut off");
    std::vector<std::uint32_t> words(m_settings.levelCount());
    PackedCodes::unpack(bytes, 0, static_cast<int>(8 * width), words);
    for (const std::uint32_t word : words) {
        m_table.push_back(floatOf(word, m_settings.hasHalfTable()));
        if (!std::isfinite(m_table.back())) throw damaged("a level is not finite");
    }
}

UniformGrid ScalarDecoder::gridOf(Index unit) const {
    const auto at = static_cast<std::size_t>(unit);
    // The number format matters for fitting alone, so any will do here.
    return GridRule(m_settings, ScaleFormat(m_settings.scale))
        .stored(m_scales[at], m_zeroPoints.empty() ? 0.0 : m_zeroPoints[at]);
}

void ScalarDecoder::decode(Index firstRow, MatrixSpan out) const {
    if (m_settings.bits <= 8) return decodeAs<std::uint8_t>(firstRow, out);
    decodeAs<std::uint32_t>(firstRow, out);
}

template <typename Code>
void ScalarDecoder::unpack(Index first, std::span<Code> codes) const {
    if constexpr (sizeof(Code) == 1) {
        ByteCodes::unpack(m_codes, first, m_settings.bits, codes);
    } else {
        PackedCodes::unpack(m_codes, first, m_settings.bits, codes);
    }
}

template <typename Code>
void ScalarDecoder::decodeAs(Index firstRow, MatrixSpan out) const {
    const Index piece = std::min(codesAtOnce, m_layout.cols());
    std::vector<Code> codes(static_cast<std::size_t>(piece));
    for (Index r = 0; r < out.rows; ++r) {
        const Index row = firstRow + r;
        m_layout.forEachRun(row, [&](Index unit, Index first, Index count) {
            for (Index done = 0; done < count; done += piece) {
                const auto part =
                    std::span(codes).first(static_cast<std::size_t>(std::min(piece, count - done)));
                unpack(row * m_layout.cols() + first + done, part);
                decodeRun(unit, std::span<const Code>(part), out.row(r).data() + first + done);
            }
        });
    }
}

template <typename Code>
void ScalarDecoder::decodeRun(Index unit, std::span<const Code> codes, float* out) const {
    if (!m_table.empty()) {
        const double scale = m_scales[static_cast<std::size_t>(unit)];
        for (const Code code : codes)
            *out++ = toFiniteFloat(m_table[code] * scale);
        return;
    }
    const UniformGrid grid = gridOf(unit);
    if constexpr (sizeof(Code) == 1) return grid.decode(codes, out);
    for (const Code code : codes)
        *out++ = grid.value(code);
}

std::vector<Codebook> ScalarDecoder::codebooks() const {
    const Index count = m_layout.rows() * m_layout.cols();
    using Counts = std::vector<std::uint64_t>;
    // A bounded number of ranges, because each of them has counters for all codes.
    const Index grain = (count / 32 / codesAtOnce + 1) * codesAtOnce;
    Codebook codebook;
    codebook.name = "levels";
    codebook.counts = parallelReduce(
        count, grain, {}, Counts(m_settings.levelCount()),
        [&](Index begin, Index end) {
            Counts counts(m_settings.levelCount());
            std::vector<std::uint32_t> codes(static_cast<std::size_t>(codesAtOnce));
            for (Index first = begin; first < end; first += codesAtOnce) {
                const auto part = std::span(codes).first(
                    static_cast<std::size_t>(std::min(codesAtOnce, end - first)));
                PackedCodes::unpack(m_codes, first, m_settings.bits, part);
                for (const std::uint32_t code : part)
                    ++counts[code];
            }
            return counts;
        },
        [](Counts& total, const Counts& part) {
            std::ranges::transform(total, part, total.begin(), std::plus());
        });
    if (m_layout.wholeTensor()) codebook.codewords = levels(0, 0);
    return {std::move(codebook)};
}

std::vector<float> ScalarDecoder::levels(Index row, Index column) const {
    std::vector<std::uint32_t> codes(m_settings.levelCount());
    for (std::uint32_t code = 0; code < m_settings.levelCount(); ++code)
        codes[code] = code;
    std::vector<float> values(codes.size());
    decodeRun(m_layout.unitOf(row, column), std::span<const std::uint32_t>(codes), values.data());
    return values;
}

}  // namespace quantscope::scalar
