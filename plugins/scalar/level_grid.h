// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/finite_float.h"
#include "core/kernels/uniform_codes.h"

namespace quantscope::scalar {

// Adding and subtracting 1.5 x 2^52 rounds doubles below 2^51 to whole numbers, ties to even,
// without a library call, so that compilers can vectorise it.
inline double roundToEven(double value) {
    constexpr double magic = 0x1.8p52;
    return (value + magic) - magic;
}

/// Equally spaced levels (code - offset - shift) x scale for codes 0 .. maximumCode.
struct UniformGrid {
    double scale = 0.0;
    double offset = 0.0;  ///< The zero point: the code of 0 when shift is 0. A whole number.
    double shift = 0.0;   ///< 0, or 0.5 for grids without a zero level.
    double maximumCode = 0.0;

    /// Nearest code, ties to even multiples; |weight / scale| must stay below 2^51.
    std::uint32_t code(float weight) const {
        const double steps = scale > 0.0 ? weight / scale : 0.0;
        const double code = roundToEven(steps + shift) + offset;
        return static_cast<std::uint32_t>(
            static_cast<std::int32_t>(std::min(std::max(code, 0.0), maximumCode)));
    }
    float value(std::uint32_t code) const { return toFiniteFloat((code - offset - shift) * scale); }

    // For codes of up to 8 bits: the same results, many weights at a time.
    bool suitsSinglePrecision() const { return UniformSteps::canHold(scale, offset + shift); }
    void encode(std::span<const float> weights, std::uint8_t* codes) const {
        const auto codeOf = [](const void* grid, float weight) {
            return static_cast<std::uint8_t>(static_cast<const UniformGrid*>(grid)->code(weight));
        };
        encodeUniform(weights, steps(), codeOf, this, codes);
    }
    void decode(std::span<const std::uint8_t> codes, float* values) const {
        const double twice = 2.0 * (offset + shift);
        if (suitsSinglePrecision() && twice == roundToEven(twice))
            return decodeUniform(codes, steps(), values);
        for (const std::uint8_t code : codes)
            *values++ = value(code);
    }

private:
    UniformSteps steps() const {
        return {static_cast<float>(scale), static_cast<float>(offset + shift),
                static_cast<float>(maximumCode)};
    }
};

/// The code of a narrower view of a symmetric grid: the wider code, counted from zero, over 2^d and
/// rounded again, ties to even ("double rounding").
inline std::uint32_t nestedCode(std::uint32_t wideCode, const UniformGrid& wide, double factor) {
    const double narrow = roundToEven((wideCode - wide.offset) / factor);
    const double half = (wide.maximumCode + 1.0) / factor / 2.0;
    return static_cast<std::uint32_t>(
        static_cast<std::int32_t>(std::clamp(narrow, -half, half - 1.0) + half));
}

/// A table of levels, ascending, that is scaled for each unit.
class LevelTable {
public:
    LevelTable() = default;
    explicit LevelTable(std::vector<float> levels) : m_levels(std::move(levels)) {
        for (std::size_t k = 1; k < m_levels.size(); ++k) {
            m_thresholds.push_back((static_cast<double>(m_levels[k - 1]) + m_levels[k]) / 2.0);
        }
    }

    const std::vector<float>& levels() const { return m_levels; }
    bool empty() const { return m_levels.empty(); }

    /// Nearest level of `relative` (weight / scale); ties go to the larger one.
    std::uint32_t code(double relative) const {
        return static_cast<std::uint32_t>(std::ranges::upper_bound(m_thresholds, relative) -
                                          m_thresholds.begin());
    }

private:
    std::vector<float> m_levels;
    std::vector<double> m_thresholds;
};

}  // namespace quantscope::scalar
