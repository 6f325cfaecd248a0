// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quantscope::format {

/// What one code stands for, before the scale: a table with a value for every code. Encoding gives
/// the nearest value; ties go to the even code.
class Element {
public:
    Element() = default;
    /// `values` by code; not more than 2^width. Codes without a value (NaN) are not used.
    Element(int width, std::vector<float> values);

    /// Floating point with a sign bit, `exponentBits` and `mantissaBits` (bias 2^(exponentBits - 1)
    /// - 1, with subnormal numbers) up to `largest`; larger codes are not used. Micikevicius et
    /// al., "FP8 formats for deep learning", 2022; OCP Microscaling Formats 1.0, 2023.
    static Element floatingPoint(int exponentBits, int mantissaBits, float largest);
    /// Whole numbers -(2^(bits-1) - 1) .. 2^(bits-1) - 1 in two's complement, times `unit`.
    static Element integer(int bits, float unit);
    /// 16 quantiles of the normal distribution (Dettmers et al., "QLoRA", 2023, appendix E).
    static Element normalFloat();
    /// -1, 0, 1.
    static Element ternary();
    /// Whether it has just the codes 0, 1 and 2.
    bool isTernary() const;
    /// +-2^(-k/2), k = 0 .. 2^(bits-1) - 1.
    static Element rootsOfTwo(int bits);

    int width() const { return m_width; }  ///< Bits of a code.
    const std::vector<float>& values() const { return m_values; }
    float largest() const { return m_largest; }
    /// Exponent of the largest value: floor(log2).
    int largestExponent() const;

    std::uint32_t code(float relative) const;
    float value(std::uint32_t code) const { return m_values[code]; }

private:
    int m_width = 0;
    float m_largest = 0.0F;
    std::vector<float> m_values;         ///< By code.
    std::vector<std::uint32_t> m_codes;  ///< By rank of their values, ascending.
    std::vector<float> m_thresholds;     ///< Rank k + 1 begins above m_thresholds[k].
};

}  // namespace quantscope::format
