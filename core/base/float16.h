// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstdint>

namespace quantscope {

/// The value of an IEEE 754 binary16 number given by its bits.
inline float fromFloat16(std::uint16_t half) {
    const std::uint32_t sign = (half & 0x8000U) << 16;
    const std::uint32_t magnitude = half & 0x7FFFU;
    if (magnitude >= 0x7C00U) {  // infinity and NaN
        return std::bit_cast<float>(sign | 0x7F800000U | (magnitude & 0x03FFU) << 13);
    }
    // Moves exponent and mantissa to their places; the product corrects the exponent's bias and is
    // exact for subnormal numbers too.
    const float value = std::bit_cast<float>(magnitude << 13) * 0x1.0p112F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
}

/// The bits of the binary16 number nearest to `value`, ties to even; beyond 65,504 (rounded)
/// infinity, and NaN stays NaN.
inline std::uint16_t toFloat16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000U;
    std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) return static_cast<std::uint16_t>(sign | 0x7E00U);
    if (magnitude >= 0x477FF000U) return static_cast<std::uint16_t>(sign | 0x7C00U);
    if (magnitude < 0x38800000U) {
        // Subnormal: next to 0.5 a float has the resolution of binary16's subnormal numbers, so the
        // addition rounds.
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        magnitude = std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U;
        return static_cast<std::uint16_t>(sign | magnitude);
    }
    magnitude += 0x0FFFU + (magnitude >> 13 & 1U);
    return static_cast<std::uint16_t>(sign | (magnitude - 0x38000000U) >> 13);
}

}  // namespace quantscope
