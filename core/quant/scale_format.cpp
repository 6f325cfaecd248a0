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

// The largest scale gets this exponent, one below the format's largest.
constexpr int topExponentHalf = 14;
constexpr int topExponentSingle = 126;
// Exponents of the smallest subnormal numbers.
constexpr int quantumExponentHalf = -24;
constexpr int quantumExponentSingle = -149;
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

// Keeps the upper 10 (half) or 23 mantissa bits of a normal double.
double roundedMantissa(double scale, bool half) {
    const auto bits = std::bit_cast<std::uint64_t>(scale);
    const int dropped = half ? 42 : 29;
    const std::uint64_t unit = std::uint64_t{1} << dropped;
    const std::uint64_t offset = half ? unit - 1 : unit / 2 - 1 + (bits >> dropped & 1U);
    return std::bit_cast<double>((bits + offset) & ~(unit - 1));
}

}  // namespace

double ScaleFormat::quantum() const {
    return std::ldexp(1.0, *m_base + (m_half ? quantumExponentHalf : quantumExponentSingle));
}

double ScaleFormat::rounded(double scale) const {
    if (!(scale > 0.0)) return 0.0;
    const double value = roundedMantissa(scale, m_half);
    if (!m_base) return value;
    // Below the normal numbers of the format the spacing stays that of its smallest number.
    const double steps = value / quantum();
    const double whole = m_half ? std::ceil(steps) : std::rint(steps);
    // A scale that has outgrown the range is stored as the largest one, never as infinity.
    const double largest = m_half ? 65504.0 : std::numeric_limits<float>::max();
    return std::min(whole * quantum(), std::ldexp(largest, *m_base));
}

int ScaleFormat::baseFor(bool half, std::span<const double> scales) {
    const double largest = scales.empty() ? 0.0 : *std::ranges::max_element(scales);
    if (!(largest > 0.0)) return 0;
    return std::ilogb(largest) - (half ? topExponentHalf : topExponentSingle);
}

bool ScaleFormat::holds(std::span<const double> scales) const {
    return std::ranges::all_of(scales, [this](double scale) { return rounded(scale) == scale; });
}

std::vector<std::uint8_t> ScaleFormat::store(std::span<const double> scales) const {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(bitCount(m_half, scales.size()) / 8);
    appendBytes(bytes, std::bit_cast<std::uint32_t>(static_cast<std::int32_t>(*m_base)), 4);
    for (const double scale : scales) {
        const auto relative = static_cast<float>(std::ldexp(scale, -*m_base));
        if (m_half) {
            appendBytes(bytes, toFloat16(relative), 2);
        } else {
            appendBytes(bytes, std::bit_cast<std::uint32_t>(relative), 4);
        }
    }
    return bytes;
}

std::vector<double> ScaleFormat::load(bool half, std::span<const std::uint8_t> bytes,
                                      std::size_t count) {
    const Error damaged("The scales of the encoded tensor are damaged.",
                        "Read the artifact from its original place, or quantize again.");
    if (bytes.size() * 8 != bitCount(half, count)) throw damaged;
    const auto base = std::bit_cast<std::int32_t>(wordAt(bytes, 0, 4));
    if (std::abs(static_cast<std::int64_t>(base)) > largestBase) throw damaged;
    const std::size_t width = half ? 2 : 4;
    std::vector<double> scales(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t word = wordAt(bytes, 4 + i * width, width);
        const float relative =
            half ? fromFloat16(static_cast<std::uint16_t>(word)) : std::bit_cast<float>(word);
        if (!(relative >= 0.0F) || !std::isfinite(relative)) throw damaged;
        scales[i] = std::ldexp(static_cast<double>(relative), base);
    }
    return scales;
}

Section ScaleFormat::storeRounded(const std::string& name, bool half, std::vector<double> scales) {
    for (double& scale : scales)
        scale = ScaleFormat(half).rounded(scale);
    const ScaleFormat format(half, baseFor(half, scales));
    for (double& scale : scales)
        scale = format.rounded(scale);
    Section section{name, RatePart::Scales, bitCount(half, scales.size()), format.store(scales)};
    return section;
}

}  // namespace quantscope
