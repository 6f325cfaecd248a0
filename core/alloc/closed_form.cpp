// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/alloc/closed_form.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Weighted mean of log2 c over the parts with c > 0; minus infinity when there is none.
double meanLog(const PartLosses& parts) {
    double sum = 0.0;
    double size = 0.0;
    for (std::size_t j = 0; j < parts.sizes.size(); ++j) {
        if (!(parts.coefficients[j] > 0.0)) continue;
        const auto n = static_cast<double>(parts.sizes[j]);
        sum += n * std::log2(parts.coefficients[j]);
        size += n;
    }
    return size > 0.0 ? sum / size : -infinity;
}

double meanOf(const PartLosses& parts, const std::vector<double>& values) {
    double sum = 0.0;
    double size = 0.0;
    for (std::size_t j = 0; j < values.size(); ++j) {
        sum += static_cast<double>(parts.sizes[j]) * values[j];
        size += static_cast<double>(parts.sizes[j]);
    }
    return sum / size;
}

}  // namespace

double PartLosses::gain() const {
    if (std::ranges::any_of(coefficients, [](double c) { return !(c > 0.0); })) return infinity;
    return meanOf(*this, coefficients) / std::exp2(meanLog(*this));
}

std::vector<double> equalLossBits(const PartLosses& parts, double meanBits) {
    const double centre = meanLog(parts);
    std::vector<double> bits;
    for (const double c : parts.coefficients) {
        bits.push_back(c > 0.0 ? meanBits + 0.5 * (std::log2(c) - centre) : -infinity);
    }
    return bits;
}

std::vector<double> waterFillingBits(const PartLosses& parts, double meanBits, double minimum,
                                     double maximum) {
    const std::vector<double> unbounded = equalLossBits(parts, 0.0);
    const auto bitsAt = [&](double offset) {
        std::vector<double> bits;
        for (const double r : unbounded)
            bits.push_back(std::clamp(r + offset, minimum, maximum));
        return bits;
    };
    // The mean rises with the offset (minus half the log of the level) from minimum to maximum.
    double low = minimum;
    double high = maximum;
    for (const double r : unbounded) {
        if (std::isinf(r)) continue;
        low = std::min(low, minimum - r);
        high = std::max(high, maximum - r);
    }
    const double wanted = std::clamp(meanBits, minimum, maximum);
    constexpr int halvings = 200;
    for (int i = 0; i < halvings && low < high; ++i) {
        const double middle = low + (high - low) / 2.0;
        (meanOf(parts, bitsAt(middle)) < wanted ? low : high) = middle;
    }
    return bitsAt(high);
}

}  // namespace quantscope
