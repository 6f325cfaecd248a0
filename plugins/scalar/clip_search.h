// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <span>

#include "core/quant/scale_format.h"
#include "plugins/scalar/level_grid.h"
#include "plugins/scalar/scalar_settings.h"

namespace quantscope::scalar {

/// What the grids of a unit are made from.
struct UnitRange {
    float low = 0.0F;   ///< min(w, 0)
    float high = 0.0F;  ///< max(w, 0)
    double sumOfMagnitudes = 0.0;
    Index count = 0;

    void add(std::span<const float> weights);
    void merge(const UnitRange& other);
};

/// Makes the uniform grid of a unit from its range.
class GridRule {
public:
    GridRule(const ScalarSettings& settings, const ScaleFormat& format)
        : m_settings(settings), m_format(format) {}

    /// The grid for the range, both ends multiplied by `shrink`.
    UniformGrid grid(const UnitRange& range, double shrink = 1.0) const;
    /// The grid with a stored scale and zero point.
    UniformGrid stored(double scale, double zeroPoint) const;

    /// With 1 bit and levels on both sides of zero, +-mean|w| is the best grid, and there is
    /// nothing to search.
    bool isBinary() const;

private:
    double fullScale(const UnitRange& range) const;

    ScalarSettings m_settings;
    ScaleFormat m_format;
};

/// Squared errors of a unit under grids whose ranges are shrunk by 0, 1, ... 79 percent, summed up
/// run by run in single precision (differences between candidates are far larger than the
/// rounding).
class ClipErrors {
public:
    static constexpr std::size_t candidates = 80;

    void add(std::span<const float> weights, const UnitRange& range, const GridRule& rule);
    void merge(const ClipErrors& other);
    /// The factor on the range with the least error; the widest of equals.
    double bestShrink() const;

private:
    std::array<double, candidates> m_errors{};
};

}  // namespace quantscope::scalar
