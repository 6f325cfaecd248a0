// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "core/quant/scale_format.h"
#include "plugins/scalar/level_grid.h"
#include "plugins/scalar/scalar_settings.h"

namespace quantscope::scalar {

/// What the grids of a unit are made from.
struct UnitRange {
    float least = std::numeric_limits<float>::infinity();
    float most = -std::numeric_limits<float>::infinity();
    double sumOfMagnitudes = 0.0;  ///< Of what addMagnitudes() was given.
    Index count = 0;

    void add(std::span<const float> weights);
    void addMagnitudes(std::span<const float> weights);
    void merge(const UnitRange& other);

    double low() const { return std::min(least, 0.0F); }
    double high() const { return std::max(most, 0.0F); }
    /// Largest magnitude.
    double extent() const { return std::max(-low(), high()); }
};

/// Makes the uniform grid of a unit from its range.
class GridRule {
public:
    GridRule(const ScalarSettings& settings, const ScaleFormat& format)
        : m_settings(settings), m_format(format) {}

    /// What a grid is made from: all of the weights' range that it takes.
    void gather(UnitRange& range, std::span<const float> weights) const {
        range.add(weights);
        if (isBinary()) range.addMagnitudes(weights);
    }

    /// The grid for the range, both ends multiplied by `shrink`; that of Scheme::Range is shrunk
    /// about its middle.
    UniformGrid grid(const UnitRange& range, double shrink = 1.0) const;
    /// The grid with a stored scale and zero point: a code for Scheme::Asymmetric, for
    /// Scheme::Range any number.
    UniformGrid stored(double scale, double zeroPoint) const;

    /// A place about which weights are small numbers of steps.
    double origin(const UnitRange& range) const;

    /// With 1 bit and levels on both sides of zero, +-mean|w| is the best grid, and there is
    /// nothing to search.
    bool isBinary() const;

private:
    double fullScale(const UnitRange& range) const;
    UniformGrid rangeGrid(const UnitRange& range, double shrink) const;

    ScalarSettings m_settings;
    ScaleFormat m_format;
};

/// Squared errors of a unit under grids whose ranges are shrunk by 0, 1, ... 79 percent, summed up
/// run by run in single precision (differences between candidates are far larger than the
/// rounding).
class ClipErrors {
public:
    static constexpr std::size_t candidates = 80;

    /// `importance`: by weight, what their errors count; empty for all the same.
    void add(std::span<const float> weights, std::span<const float> importance,
             const UnitRange& range, const GridRule& rule);
    void merge(const ClipErrors& other);
    /// The factor on the range with the least error; the widest of equals.
    double bestShrink() const;

private:
    std::array<double, candidates> m_errors{};
};

}  // namespace quantscope::scalar
