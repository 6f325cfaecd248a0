// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/lowrank/stored_factor.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/float16.h"
#include "core/quant/packed_codes.h"
#include "core/quant/scale_format.h"

namespace quantscope::lowrank {

namespace {

constexpr const char* scalesSuffix = "/scales";
constexpr const char* valuesSuffix = "/values";
constexpr int largestByte = 127;
constexpr ScaleType scaleType = ScaleType::Half;

int widthOf(FactorType type) {
    return type == FactorType::Half ? 16 : 8;
}

// A value in units of its scale.
std::uint16_t codeOf(FactorType type, double value, double scale) {
    const double relative = scale > 0.0 ? std::clamp(value / scale, -1.0, 1.0) : 0.0;
    if (type == FactorType::Half) return toFloat16(static_cast<float>(relative));
    return static_cast<std::uint8_t>(static_cast<std::int8_t>(std::lround(relative * largestByte)));
}

}  // namespace

double StoredFactor::decoded(std::uint16_t code, double scale) const {
    if (m_type == FactorType::Half) return static_cast<double>(fromFloat16(code)) * scale;
    return static_cast<double>(static_cast<std::int8_t>(code)) * scale / largestByte;
}

StoredFactor StoredFactor::round(FactorType type, Index count, Index length,
                                 const std::vector<double>& components) {
    StoredFactor factor(type, count, length);
    const auto size = static_cast<std::size_t>(length);
    const auto component = [&](std::size_t k) {
        return std::span(components).subspan(k * size, size);
    };
    std::vector<double> scales;
    for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k) {
        double largest = 0.0;
        for (const double value : component(k))
            largest = std::max(largest, std::abs(value));
        scales.push_back(ScaleFormat(scaleType).rounded(largest));
    }
    factor.m_scales = ScaleFormat::storeRounded({}, scaleType, scales);
    // As decoders read them: scales far below the largest one are rounded once more.
    scales = ScaleFormat::load(scaleType, factor.m_scales.bytes, scales.size());
    std::vector<std::uint32_t> codes;
    for (std::size_t k = 0; k < scales.size(); ++k) {
        for (const double value : component(k)) {
            const std::uint16_t code = codeOf(type, value, scales[k]);
            codes.push_back(code);
            factor.m_values.push_back(factor.decoded(code, scales[k]));
        }
    }
    factor.m_codes = {{},
                      RatePart::Factors,
                      PackedCodes::bitCount(std::ssize(codes), widthOf(type)),
                      PackedCodes::pack(codes, widthOf(type))};
    return factor;
}

StoredFactor StoredFactor::load(FactorType type, Index count, Index length,
                                const EncodedTensor& tensor, const std::string& name) {
    StoredFactor factor(type, count, length);
    factor.m_scales = tensor.section(name + scalesSuffix);
    factor.m_codes = tensor.section(name + valuesSuffix);
    const std::vector<double> scales =
        ScaleFormat::load(scaleType, factor.m_scales.bytes, static_cast<std::size_t>(count));
    if (length > std::ssize(factor.m_codes.bytes) ||
        factor.m_codes.bytes.size() != PackedCodes::byteCount(count * length, widthOf(type))) {
        throw Error("The encoded tensor (lowrank) is damaged: its factors do not fit its shape.",
                    "Read the artifact from its original place, or quantize again.");
    }
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(count * length));
    PackedCodes::unpack(factor.m_codes.bytes, 0, widthOf(type), codes);
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const double scale = scales[i / static_cast<std::size_t>(length)];
        const double value = factor.decoded(static_cast<std::uint16_t>(codes[i]), scale);
        if (!std::isfinite(value)) {
            throw Error(
                "The encoded tensor (lowrank) is damaged: a number of its factors is not "
                "finite.",
                "Read the artifact from its original place, or quantize again.");
        }
        factor.m_values.push_back(value);
    }
    return factor;
}

std::uint64_t StoredFactor::bitCount(FactorType type, Index count, Index length) {
    return ScaleFormat::bitCount(scaleType, static_cast<std::uint64_t>(count)) +
           PackedCodes::bitCount(count * length, widthOf(type));
}

std::vector<Section> StoredFactor::sections(const std::string& name) const {
    std::vector<Section> sections = {m_scales, m_codes};
    sections[0].name = name + scalesSuffix;
    sections[1].name = name + valuesSuffix;
    for (Section& section : sections)
        section.part = RatePart::Factors;
    return sections;
}

}  // namespace quantscope::lowrank
