// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/scale_format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/float16.h"

namespace quantscope {

namespace {

struct TypeLimits {
    int topExponent;      ///< That the largest scale gets: one below the format's largest.
    int quantumExponent;  ///< Of the smallest subnormal number.
    int mantissaBits;
    double largest;
};

constexpr TypeLimits limitsOf(ScaleType type) {
    switch (type) {
        case ScaleType::Byte:
            return {6, -11, 4, 248.0};
        case ScaleType::Half:
            return {14, -24, 10, 65504.0};
        case ScaleType::Single:
            break;
    }
    return {126, -149, 23, std::numeric_limits<float>::max()};
}

// 0 and the subnormal numbers below 2^-7, then 15 binades of 16 numbers: rising as the numbers do.
constexpr int byteBias = 8;
constexpr int byteMantissa = 16;

std::uint8_t toByte(double value) {
    if (value < std::ldexp(1.0, 1 - byteBias)) {
        return static_cast<std::uint8_t>(std::ldexp(value, 11));
    }
    const int exponent = std::ilogb(value);
    const double fraction = std::ldexp(value, -exponent) - 1.0;
    return static_cast<std::uint8_t>((exponent + byteBias) * byteMantissa +
                                     static_cast<int>(fraction * byteMantissa));
}

double fromByte(std::uint32_t byte) {
    const auto exponent = static_cast<int>(byte / byteMantissa);
    const auto mantissa = static_cast<double>(byte % byteMantissa) / byteMantissa;
    return exponent == 0 ? std::ldexp(mantissa, 1 - byteBias)
                         : std::ldexp(1.0 + mantissa, exponent - byteBias);
}

// No float32 weight needs a base outside this range; a stored one outside is damage.
constexpr int largestBase = 1024;

void appendBytes(std::vector<std::uint8_t>& bytes, std::uint32_t word, int count) {
    for (int i = 0; i < count; ++i)
        bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
}

std::uint32_t wordAt(std::span<const std::uint8_t> bytes, std::size_t first, std::size_t count) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < count; ++i) {
        word |= static_cast<std::uint32_t>(bytes[first + i]) << (8 * i);
    }
    return word;
}

std::uint32_t wordOf(double relative, ScaleType type) {
    switch (type) {
        case ScaleType::Byte:
            return toByte(relative);
        case ScaleType::Half:
            return toFloat16(static_cast<float>(relative));
        case ScaleType::Single:
            break;
    }
    return std::bit_cast<std::uint32_t>(static_cast<float>(relative));
}

double valueOf(std::uint32_t word, ScaleType type) {
    switch (type) {
        case ScaleType::Byte:
            return fromByte(word);
        case ScaleType::Half:
            return static_cast<double>(fromFloat16(static_cast<std::uint16_t>(word)));
        case ScaleType::Single:
            break;
    }
    return static_cast<double>(std::bit_cast<float>(word));
}

// Keeps the upper mantissa bits of a normal double.
double roundedMantissa(double scale, ScaleType type) {
    const auto bits = std::bit_cast<std::uint64_t>(scale);
    const int dropped = 52 - limitsOf(type).mantissaBits;
    const std::uint64_t unit = std::uint64_t{1} << dropped;
    const std::uint64_t offset =
        type == ScaleType::Single ? unit / 2 - 1 + (bits >> dropped & 1U) : unit - 1;
    return std::bit_cast<double>((bits + offset) & ~(unit - 1));
}

}  // namespace

double ScaleFormat::quantum() const {
    return std::ldexp(1.0, *m_base + limitsOf(m_type).quantumExponent);
}

double ScaleFormat::rounded(double scale) const {
    if (!(scale > 0.0)) return 0.0;
    const double value = roundedMantissa(scale, m_type);
    if (!m_base) return value;
    // Below the normal numbers of the format the spacing stays that of its smallest number.
    const double steps = value / quantum();
    const double whole = m_type == ScaleType::Single ? std::rint(steps) : std::ceil(steps);
    // A scale that has outgrown the range is stored as the largest one, never as infinity.
    return std::min(whole * quantum(), std::ldexp(limitsOf(m_type).largest, *m_base));
}

double ScaleFormat::nearest(double scale) const {
    const double above = rounded(scale);
    if (m_type == ScaleType::Single || !(above > scale)) return above;
    // Below a power of two numbers lie closer together than above it, so the number just below the
    // scale may be the next one after that which is as far from it as the larger number.
    const double low = rounded(scale - (above - scale));
    const double next = rounded(std::nextafter(low, std::numeric_limits<double>::infinity()));
    const double below = next < scale ? next : low;
    return scale - below <= above - scale ? below : above;
}

int ScaleFormat::baseFor(ScaleType type, std::span<const double> scales) {
    const double largest = scales.empty() ? 0.0 : *std::ranges::max_element(scales);
    return largest > 0.0 ? std::ilogb(largest) - limitsOf(type).topExponent : 0;
}

bool ScaleFormat::holds(std::span<const double> scales) const {
    return std::ranges::all_of(scales, [this](double scale) { return rounded(scale) == scale; });
}

std::vector<std::uint8_t> ScaleFormat::store(std::span<const double> scales) const {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(bitCount(m_type, scales.size()) / 8);
    appendBytes(bytes, std::bit_cast<std::uint32_t>(static_cast<std::int32_t>(*m_base)), 4);
    for (const double scale : scales) {
        appendBytes(bytes, wordOf(std::ldexp(scale, -*m_base), m_type), width(m_type) / 8);
    }
    return bytes;
}

std::vector<double> ScaleFormat::load(ScaleType type, std::span<const std::uint8_t> bytes,
                                      std::size_t count) {
    const Error damaged("The scales of the encoded tensor are damaged.",
                        "Read the artifact from its original place, or quantize again.");
    if (bytes.size() * 8 != bitCount(type, count)) throw damaged;
    const auto base = std::bit_cast<std::int32_t>(wordAt(bytes, 0, 4));
    if (std::abs(static_cast<std::int64_t>(base)) > largestBase) throw damaged;
    const auto byteWidth = static_cast<std::size_t>(width(type)) / 8;
    std::vector<double> scales(count);
    for (std::size_t i = 0; i < count; ++i) {
        const double relative = valueOf(wordAt(bytes, 4 + i * byteWidth, byteWidth), type);
        if (!(relative >= 0.0) || !std::isfinite(relative)) throw damaged;
        scales[i] = std::ldexp(relative, base);
    }
    return scales;
}

Section ScaleFormat::storeRounded(const std::string& name, ScaleType type,
                                  std::vector<double> scales) {
    for (double& scale : scales)
        scale = ScaleFormat(type).rounded(scale);
    const ScaleFormat format(type, baseFor(type, scales));
    for (double& scale : scales)
        scale = format.rounded(scale);
    Section section{name, RatePart::Scales, bitCount(type, scales.size()), format.store(scales)};
    return section;
}

}  // namespace quantscope
