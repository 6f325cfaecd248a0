// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/kquant/block_fit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quantscope::kquant {

namespace {

// Loops run over lanes whose sums are kept apart, so that compilers turn them into vectors.
constexpr std::size_t lanes = 8;
constexpr std::size_t mostValues = 256;

// Of the levels of signed codes, half are negative.
float halfOf(const Layout& layout) {
    const int half = layout.levelCount() / 2;
    return static_cast<float>(half);
}

/// Sums over the values x of a part, their weights u and the levels q of their codes.
struct Sums {
    double u = 0.0;
    double x = 0.0;
    double xx = 0.0;
    double q = 0.0;
    double qq = 0.0;
    double xq = 0.0;
};

/// A part, filled up to whole lanes with values of no weight.
class Part {
public:
    Part(std::span<const float> values, std::span<const float> weights)
        : m_count((values.size() + lanes - 1) / lanes * lanes) {
        std::ranges::copy(values, m_values.begin());
        std::ranges::copy(weights, m_weights.begin());
        std::array<float, lanes> u{};
        std::array<float, lanes> x{};
        std::array<float, lanes> xx{};
        for (std::size_t i = 0; i < m_count; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                const float weighted = m_weights[i + lane] * m_values[i + lane];
                u[lane] += m_weights[i + lane];
                x[lane] += weighted;
                xx[lane] += weighted * m_values[i + lane];
            }
        }
        m_sums = {total(u), total(x), total(xx)};
    }

    std::span<const float> values() const { return {m_values.data(), m_count}; }

    /// All sums for levels that `levelAt(value)` gives.
    template <typename LevelAt>
    Sums sums(const LevelAt& levelAt) const {
        std::array<float, lanes> q{};
        std::array<float, lanes> qq{};
        std::array<float, lanes> xq{};
        for (std::size_t i = 0; i < m_count; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                const float level = levelAt(m_values[i + lane]);
                const float weighted = m_weights[i + lane] * level;
                q[lane] += weighted;
                qq[lane] += weighted * level;
                xq[lane] += weighted * m_values[i + lane];
            }
        }
        Sums sums = m_sums;
        sums.q = total(q);
        sums.qq = total(qq);
        sums.xq = total(xq);
        return sums;
    }

private:
    static double total(const std::array<float, lanes>& sums) {
        double sum = 0.0;
        for (const float one : sums)
            sum += static_cast<double>(one);
        return sum;
    }

    std::size_t m_count;
    alignas(64) std::array<float, mostValues> m_values{};
    alignas(64) std::array<float, mostValues> m_weights{};
    Sums m_sums;
};

// Adding and subtracting 1.5 x 2^23 rounds to whole numbers, without a library call.
inline float rounded(float value) {
    constexpr float magic = 0x1.8p23F;
    return (value + magic) - magic;
}

inline float clamped(float value, float low, float high) {
    value = value < low ? low : value;
    return value > high ? high : value;
}

inline float tableLevel(float relative) {
    float level = static_cast<float>(tableLevels[0]);
    for (std::size_t k = 0; k + 1 < std::size(tableLevels); ++k) {
        const auto low = static_cast<float>(tableLevels[k]);
        const auto high = static_cast<float>(tableLevels[k + 1]);
        level += relative > (low + high) / 2.0F ? high - low : 0.0F;
    }
    return level;
}

float extreme(std::span<const float> values) {
    float largest = 0.0F;
    for (const float value : values) {
        if (std::abs(value) > std::abs(largest)) largest = value;
    }
    return largest;
}

// The candidate scales stretch the range of levels by up to one level in both directions.
template <typename LevelAt>
PartFit fitScale(const Part& part, float lowest, float step, const LevelAt& levelFor) {
    constexpr int stretches = 9;
    const float largest = extreme(part.values());
    if (largest == 0.0F) return {};
    PartFit best;
    double bestGain = -1.0;
    for (int k = -stretches; k <= stretches; ++k) {
        const float inverse = (lowest + step * static_cast<float>(k)) / largest;
        const Sums sums = part.sums([&](float value) { return levelFor(value * inverse); });
        if (!(sums.qq > 0.0)) continue;
        const double gain = sums.xq * sums.xq / sums.qq;
        if (!(gain > bestGain)) continue;
        bestGain = gain;
        best.scale = static_cast<float>(sums.xq / sums.qq);
    }
    return best;
}

// The least squares of scale and minimum for given levels; `error` is what is left.
PartFit solveAffine(const Sums& sums, bool positiveMinimum, double& error) {
    const double determinant = sums.u * sums.qq - sums.q * sums.q;
    double scale = 0.0;
    double offset = sums.u > 0.0 ? sums.x / sums.u : 0.0;
    if (determinant > 0.0) {
        scale = (sums.u * sums.xq - sums.x * sums.q) / determinant;
        offset = (sums.qq * sums.x - sums.q * sums.xq) / determinant;
    }
    if (positiveMinimum && offset > 0.0) {
        offset = 0.0;
        scale = sums.qq > 0.0 ? sums.xq / sums.qq : 0.0;
    }
    error = sums.xx + scale * scale * sums.qq + offset * offset * sums.u +
            2.0 * (scale * offset * sums.q - scale * sums.xq - offset * sums.x);
    return {static_cast<float>(scale), static_cast<float>(-offset)};
}

PartFit fitAffine(const Layout& layout, const Part& part, std::span<const float> values) {
    constexpr int stretches = 10;
    constexpr float step = 0.1F;
    const auto range = std::ranges::minmax(values);
    float low = range.min;
    const float high = range.max;
    if (layout.positiveMinimum) low = std::min(low, 0.0F);
    if (!(high > low)) return {0.0F, -low};
    const auto top = static_cast<float>(layout.levelCount() - 1);
    PartFit best{(high - low) / top, -low};
    double least = INFINITY;
    for (int k = -stretches; k <= stretches; ++k) {
        const float inverse = (top + step * static_cast<float>(k)) / (high - low);
        const Sums sums = part.sums(
            [&](float value) { return clamped(rounded((value - low) * inverse), 0.0F, top); });
        double error = INFINITY;
        const PartFit fit = solveAffine(sums, layout.positiveMinimum, error);
        if (!(error < least) || !(fit.scale > 0.0F)) continue;
        least = error;
        best = fit;
    }
    return best;
}

}  // namespace

PartFit fitPart(const Layout& layout, std::span<const float> values,
                std::span<const float> weights) {
    const Part part(values, weights);
    switch (layout.levels) {
        case LevelKind::Affine:
            return fitAffine(layout, part, values);
        case LevelKind::Table:
            return fitScale(part, static_cast<float>(tableLevels[0]), 1.0F, tableLevel);
        case LevelKind::Signed:
            break;
    }
    const auto half = halfOf(layout);
    return fitScale(part, -half, 0.1F, [half](float relative) {
        return clamped(rounded(relative), -half, half - 1.0F);
    });
}

void nearestCodes(const Layout& layout, std::span<const float> values, const PartFit& fit,
                  std::span<float> levels) {
    const float inverse = fit.scale != 0.0F ? 1.0F / fit.scale : 0.0F;
    const auto half = halfOf(layout);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float relative = (values[i] + fit.minimum) * inverse;
        switch (layout.levels) {
            case LevelKind::Affine:
                levels[i] = clamped(rounded(relative), 0.0F, 2.0F * half - 1.0F);
                break;
            case LevelKind::Signed:
                levels[i] = clamped(rounded(relative), -half, half - 1.0F);
                break;
            case LevelKind::Table:
                levels[i] = tableLevel(relative);
                break;
        }
    }
}

std::uint32_t codeOf(const Layout& layout, float level) {
    switch (layout.levels) {
        case LevelKind::Affine:
            return static_cast<std::uint32_t>(level);
        case LevelKind::Signed:
            return static_cast<std::uint32_t>(level + halfOf(layout));
        case LevelKind::Table:
            break;
    }
    const auto place = std::ranges::lower_bound(tableLevels, static_cast<int>(level));
    return static_cast<std::uint32_t>(place - std::begin(tableLevels));
}

float levelOf(const Layout& layout, std::uint32_t code) {
    switch (layout.levels) {
        case LevelKind::Affine:
            return static_cast<float>(code);
        case LevelKind::Signed:
            return static_cast<float>(code) - halfOf(layout);
        case LevelKind::Table:
            break;
    }
    return static_cast<float>(tableLevels[code]);
}

}  // namespace quantscope::kquant
