// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/format/element.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace quantscope::format {

namespace {

constexpr float unused = std::numeric_limits<float>::quiet_NaN();

// The number that a normal number stays below with a probability of 1/2 or more, by bisection.
double normalQuantile(double probability) {
    double low = 0.0;
    double high = 8.0;
    constexpr int steps = 60;
    for (int step = 0; step < steps; ++step) {
        const double middle = (low + high) / 2.0;
        const double below = 0.5 * std::erfc(-middle / std::numbers::sqrt2);
        (below < probability ? low : high) = middle;
    }
    return (low + high) / 2.0;
}

}  // namespace

Element::Element(int width, std::vector<float> values)
    : m_width(width), m_values(std::move(values)) {
    for (std::uint32_t code = 0; code < m_values.size(); ++code) {
        const float value = m_values[code];
        if (std::isnan(value)) continue;
        m_largest = std::max(m_largest, std::abs(value));
        // Minus zero is never written.
        if (!(value == 0.0F && std::signbit(value))) m_codes.push_back(code);
    }
    std::ranges::stable_sort(m_codes, {}, [this](std::uint32_t code) { return m_values[code]; });
    for (std::size_t rank = 0; rank + 1 < m_codes.size(); ++rank) {
        const float middle = (m_values[m_codes[rank]] + m_values[m_codes[rank + 1]]) / 2.0F;
        const bool upperIsEven = m_codes[rank + 1] % 2 == 0;
        m_thresholds.push_back(upperIsEven ? std::nextafter(middle, -INFINITY) : middle);
    }
    // What damaged codes may hold decodes to something finite.
    std::ranges::replace_if(
        m_values, [](float value) { return std::isnan(value); }, 0.0F);
    m_values.resize(std::size_t{1} << width, 0.0F);
}

Element Element::floatingPoint(int exponentBits, int mantissaBits, float largest) {
    const int width = 1 + exponentBits + mantissaBits;
    const int bias = (1 << (exponentBits - 1)) - 1;
    const std::uint32_t signBit = 1U << (width - 1);
    std::vector<float> values(std::size_t{1} << width);
    for (std::uint32_t code = 0; code < values.size(); ++code) {
        const std::uint32_t magnitude = code & (signBit - 1U);
        const int exponent = static_cast<int>(magnitude >> mantissaBits);
        const auto mantissa = static_cast<float>(magnitude & ((1U << mantissaBits) - 1U));
        const float fraction = std::ldexp(mantissa, -mantissaBits);
        float value = exponent == 0 ? std::ldexp(fraction, 1 - bias)
                                    : std::ldexp(1.0F + fraction, exponent - bias);
        if (value > largest) value = unused;
        values[code] = (code & signBit) != 0 ? -value : value;
    }
    return {width, std::move(values)};
}

Element Element::integer(int bits, float unit) {
    const std::int32_t half = 1 << (bits - 1);
    std::vector<float> values;
    for (std::int32_t code = 0; code < 2 * half; ++code) {
        const std::int32_t number = code < half ? code : code - 2 * half;
        values.push_back(number == -half ? unused : static_cast<float>(number) * unit);
    }
    return {bits, std::move(values)};
}

Element Element::normalFloat() {
    // Halfway between the outermost of 15 and of 16 equally likely values.
    constexpr double outermost = 1.0 - (1.0 / 30.0 + 1.0 / 32.0) / 2.0;
    constexpr int positives = 8;
    constexpr int negatives = 7;
    const auto quantile = [&](int rank, int count) {
        return normalQuantile(std::lerp(outermost, 0.5, static_cast<double>(rank) / count));
    };
    const double largest = quantile(0, positives);
    std::vector<float> values;
    for (int rank = 0; rank < negatives; ++rank)
        values.push_back(static_cast<float>(-quantile(rank, negatives) / largest));
    values.push_back(0.0F);
    for (int rank = positives - 1; rank >= 0; --rank)
        values.push_back(static_cast<float>(quantile(rank, positives) / largest));
    return {4, std::move(values)};
}

Element Element::ternary() {
    return {2, {0.0F, 1.0F, -1.0F, unused}};
}

bool Element::isTernary() const {
    return m_codes.size() == 3 &&
           std::ranges::all_of(m_codes, [](std::uint32_t code) { return code < 3; });
}

Element Element::rootsOfTwo(int bits) {
    const std::uint32_t half = 1U << (bits - 1);
    std::vector<float> values(2 * half);
    for (std::uint32_t k = 0; k < half; ++k) {
        const auto value = static_cast<float>(std::exp2(-static_cast<double>(k) / 2.0));
        values[k] = value;
        values[k + half] = -value;
    }
    return {bits, std::move(values)};
}

int Element::largestExponent() const {
    return std::ilogb(m_largest);
}

std::uint32_t Element::code(float relative) const {
    // Few thresholds are counted, which compilers turn into vector instructions.
    constexpr std::size_t few = 16;
    std::size_t rank = 0;
    if (m_thresholds.size() < few) {
        for (const float threshold : m_thresholds)
            rank += relative > threshold ? 1U : 0U;
    } else {
        const auto place = std::ranges::lower_bound(m_thresholds, relative);
        rank = static_cast<std::size_t>(place - m_thresholds.begin());
    }
    return m_codes[rank];
}

}  // namespace quantscope::format
