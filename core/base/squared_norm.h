// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace quantscope {

/// Sum of squares in double precision. The order of summation depends on the number of values
/// alone; several sums side by side, because each addition waits for the one before.
inline double squaredNorm(std::span<const float> values) {
    constexpr std::size_t lanes = 8;
    std::array<double, lanes> sums{};
    std::size_t i = 0;
    for (; i + lanes <= values.size(); i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const auto value = static_cast<double>(values[i + lane]);
            sums[lane] += value * value;
        }
    }
    double sum = 0.0;
    for (; i < values.size(); ++i)
        sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    for (const double part : sums)
        sum += part;
    return sum;
}

}  // namespace quantscope
