// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/format/block_scales.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/quant/scale_format.h"

namespace quantscope::format {

namespace {

constexpr int exponentBias = 127;
constexpr int largestExponentCode = 254;

constexpr std::size_t bytesPerFloat = 4;
// Byte scales: this many share a float.
constexpr std::size_t group = 256;
constexpr double largestByte = 127.0;

Error damaged() {
    return Error("The scales of the encoded tensor (format) are damaged.",
                 "Read the artifact from its original place, or quantize again.");
}

const Element& scaleElement() {
    static const Element element = Element::floatingPoint(4, 3, 448.0F);
    return element;
}

ScaleType floatType(ScaleKind kind) {
    return kind == ScaleKind::Half ? ScaleType::Half : ScaleType::Single;
}

void appendFloat(std::vector<std::uint8_t>& bytes, float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    for (std::size_t i = 0; i < bytesPerFloat; ++i)
        bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
}

double floatAt(std::span<const std::uint8_t> bytes, std::size_t at) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < bytesPerFloat; ++i)
        word |= static_cast<std::uint32_t>(bytes[at + i]) << (8 * i);
    const auto value = std::bit_cast<float>(word);
    if (!std::isfinite(value)) throw damaged();
    return static_cast<double>(value);
}

std::uint8_t exponentCode(double scale) {
    if (!(scale > 0.0)) return 0;
    const int exponent = static_cast<int>(std::lround(std::log2(scale)));
    return static_cast<std::uint8_t>(std::clamp(exponent + exponentBias, 0, largestExponentCode));
}

// Byte scales: mean, then for each group its largest distance from the mean; the bytes behind them
// are signed steps of that / 127.
double fromByte(double mean, double reach, std::int8_t step) {
    return std::max(0.0, mean + reach * (static_cast<double>(step) / largestByte));
}

}  // namespace

BlockLayout::BlockLayout(const FormatSettings& settings, Index rows, Index cols)
    : m_rows(rows),
      m_cols(cols),
      m_block(settings.block > 0 ? settings.block : cols),
      m_across(settings.across) {}

Index BlockLayout::count() const {
    return m_across ? (m_rows * m_cols + m_block - 1) / m_block : m_rows * perRow();
}

Index BlockLayout::blockOf(Index row, Index column) const {
    return m_across ? (row * m_cols + column) / m_block : row * perRow() + column / m_block;
}

Index BlockLayout::rowGranule(int width) const {
    const Index rowBits = m_cols % 8 * width;
    const Index byBytes = 8 / std::gcd<Index>(8, rowBits);
    const Index byBlocks = m_across ? m_block / std::gcd(m_block, m_cols) : 1;
    return std::lcm(byBytes, byBlocks);
}

double ScaleCoder::rounded(double scale) const {
    if (m_kind == ScaleKind::PowerOfTwo) {
        return std::ldexp(1.0, static_cast<int>(exponentCode(scale)) - exponentBias);
    }
    if (m_kind == ScaleKind::Half) return ScaleFormat(ScaleType::Half).rounded(scale);
    return scale;
}

Section ScaleCoder::store(std::vector<double>& scales) const {
    switch (m_kind) {
        case ScaleKind::Float8:
            return storeFloat8(scales);
        case ScaleKind::Byte:
            return storeBytes(scales);
        case ScaleKind::PowerOfTwo: {
            Section section{sectionName, RatePart::Scales, 8 * scales.size(), {}};
            for (double& scale : scales) {
                section.bytes.push_back(exponentCode(scale));
                scale = rounded(scale);
            }
            return section;
        }
        case ScaleKind::Half:
        case ScaleKind::Single:
            break;
    }
    Section section = ScaleFormat::storeRounded(sectionName, floatType(m_kind), scales);
    scales = ScaleFormat::load(floatType(m_kind), section.bytes, scales.size());
    return section;
}

Section ScaleCoder::storeFloat8(std::vector<double>& scales) const {
    const Element& element = scaleElement();
    const double largest = scales.empty() ? 0.0 : *std::ranges::max_element(scales);
    const auto factor = static_cast<float>(largest / static_cast<double>(element.largest()));
    Section section{sectionName, RatePart::Scales, 0, {}};
    appendFloat(section.bytes, factor);
    for (double& scale : scales) {
        const auto factorWide = static_cast<double>(factor);
        const std::uint32_t code =
            factor > 0.0F ? element.code(static_cast<float>(scale / factorWide)) : 0U;
        section.bytes.push_back(static_cast<std::uint8_t>(code));
        scale = static_cast<double>(element.value(code)) * factorWide;
    }
    section.usedBits = 8 * section.bytes.size();
    return section;
}

Section ScaleCoder::storeBytes(std::vector<double>& scales) const {
    Section section{sectionName, RatePart::Scales, 0, {}};
    const double sum = std::accumulate(scales.begin(), scales.end(), 0.0);
    const auto mean = static_cast<float>(sum / static_cast<double>(scales.size()));
    appendFloat(section.bytes, mean);
    const auto meanWide = static_cast<double>(mean);
    std::vector<double> reaches;
    for (std::size_t first = 0; first < scales.size(); first += group) {
        double reach = 0.0;
        for (std::size_t i = first; i < std::min(first + group, scales.size()); ++i)
            reach = std::max(reach, std::abs(scales[i] - meanWide));
        appendFloat(section.bytes, static_cast<float>(reach));
        reaches.push_back(static_cast<double>(static_cast<float>(reach)));
    }
    for (std::size_t i = 0; i < scales.size(); ++i) {
        const double reach = reaches[i / group];
        const double steps = reach > 0.0 ? (scales[i] - meanWide) / reach * largestByte : 0.0;
        const auto step =
            static_cast<std::int8_t>(std::clamp(std::round(steps), -largestByte, largestByte));
        section.bytes.push_back(static_cast<std::uint8_t>(step));
        scales[i] = fromByte(meanWide, reach, step);
    }
    section.usedBits = 8 * section.bytes.size();
    return section;
}

std::vector<double> ScaleCoder::load(const Section& section, Index count) const {
    const std::span<const std::uint8_t> bytes = section.bytes;
    if (8 * bytes.size() != bitCount(count)) throw damaged();
    const auto size = static_cast<std::size_t>(count);
    std::vector<double> scales;
    scales.reserve(size);
    switch (m_kind) {
        case ScaleKind::PowerOfTwo:
            for (const std::uint8_t code : bytes)
                scales.push_back(std::ldexp(1.0, static_cast<int>(code) - exponentBias));
            return scales;
        case ScaleKind::Float8: {
            const double factor = floatAt(bytes, 0);
            for (const std::uint8_t code : bytes.subspan(bytesPerFloat)) {
                const double scale = static_cast<double>(scaleElement().value(code)) * factor;
                if (!(scale >= 0.0)) throw damaged();
                scales.push_back(scale);
            }
            return scales;
        }
        case ScaleKind::Byte: {
            const double mean = floatAt(bytes, 0);
            const std::size_t steps = bytes.size() - size;
            for (std::size_t i = 0; i < size; ++i) {
                const double reach = floatAt(bytes, bytesPerFloat * (1 + i / group));
                scales.push_back(fromByte(mean, reach, static_cast<std::int8_t>(bytes[steps + i])));
            }
            return scales;
        }
        case ScaleKind::Half:
        case ScaleKind::Single:
            break;
    }
    return ScaleFormat::load(floatType(m_kind), bytes, size);
}

std::uint64_t ScaleCoder::bitCount(Index count) const {
    const auto scales = static_cast<std::uint64_t>(count);
    switch (m_kind) {
        case ScaleKind::PowerOfTwo:
            return 8 * scales;
        case ScaleKind::Float8:
            return 8 * (bytesPerFloat + scales);
        case ScaleKind::Byte:
            return 8 * (bytesPerFloat * (1 + (scales + group - 1) / group) + scales);
        case ScaleKind::Half:
        case ScaleKind::Single:
            break;
    }
    return ScaleFormat::bitCount(floatType(m_kind), scales);
}

}  // namespace quantscope::format
