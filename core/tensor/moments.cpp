// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/moments.h"

#include <array>
#include <cmath>
#include <numeric>

namespace quantscope {

namespace {

/// Sums run in this many independent lanes, which the compiler can keep in vector registers; the
/// order of additions is fixed.
constexpr std::size_t lanes = 8;
using LaneSums = std::array<double, lanes>;

double total(const LaneSums& sums) {
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

void Moments::merge(const Moments& other) {
    if (other.count == 0) return;
    if (count == 0) {
        *this = other;
        return;
    }
    const auto a = static_cast<double>(count);
    const auto b = static_cast<double>(other.count);
    const double n = a + b;
    const double delta = other.mean - mean;
    const double step = delta / n;
    const double product = delta * step * a * b;  // delta^2 a b / n
    fourth += other.fourth + product * step * step * (a * a - a * b + b * b) +
              6.0 * step * step * (a * a * other.second + b * b * second) +
              4.0 * step * (a * other.third - b * third);
    third += other.third + product * step * (a - b) + 3.0 * step * (a * other.second - b * second);
    second += other.second + product;
    mean += step * b;
    count += other.count;
}

Moments momentsOf(std::span<const float> values) {
    const std::size_t whole = values.size() / lanes * lanes;
    LaneSums sums{};
    std::array<std::uint64_t, lanes> counts{};
    const auto addValue = [&](std::size_t i, std::size_t lane) {
        const bool finite = std::isfinite(values[i]);
        sums[lane] += finite ? static_cast<double>(values[i]) : 0.0;
        counts[lane] += finite ? 1 : 0;
    };
    for (std::size_t i = 0; i < whole; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            addValue(i + lane, lane);
    }
    for (std::size_t i = whole; i < values.size(); ++i)
        addValue(i, i - whole);

    Moments moments;
    moments.count = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (moments.count == 0) return moments;
    moments.mean = total(sums) / static_cast<double>(moments.count);

    LaneSums second{};
    LaneSums third{};
    LaneSums fourth{};
    const auto addDeviation = [&](std::size_t i, std::size_t lane) {
        const double deviation =
            std::isfinite(values[i]) ? static_cast<double>(values[i]) - moments.mean : 0.0;
        const double square = deviation * deviation;
        second[lane] += square;
        third[lane] += square * deviation;
        fourth[lane] += square * square;
    };
    for (std::size_t i = 0; i < whole; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            addDeviation(i + lane, lane);
    }
    for (std::size_t i = whole; i < values.size(); ++i)
        addDeviation(i, i - whole);
    moments.second = total(second);
    moments.third = total(third);
    moments.fourth = total(fourth);
    return moments;
}

}  // namespace quantscope
