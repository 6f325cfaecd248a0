// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"

namespace quantscope::scalar {

/// Where the levels of a uniform grid lie.
enum class Scheme {
    /// Multiples of the scale from -2^(b-1) to 2^(b-1)-1. The range reaches from -max|w| to max|w|,
    /// so the
    /// lowest level is used by clipped ranges only; otherwise one of the 2^b codes stays unused.
    Symmetric,
    Asymmetric,  ///< 2^b levels from the least to the largest weight, one of them exactly zero.
    MidRise,     ///< 2^b levels at odd multiples of half the scale; none is zero.
};

/// Which weights share a scale.
enum class Granularity { Tensor, Row, Column, Group };

/// The parameters of the scalar quantizer, typed.
struct ScalarSettings {
    int bits = 4;
    Scheme scheme = Scheme::Symmetric;
    Granularity granularity = Granularity::Row;
    Index group = 32;            ///< Consecutive weights of a row that share a scale.
    bool minimizeError = false;  ///< Clip search (uniform) or scale refit (Lloyd-Max).
    bool lloyd = false;          ///< A trained level table instead of a uniform grid.
    bool halfScales = true;      ///< Scales and level tables in binary16 instead of binary32.

    /// Throws Error when a parameter is missing or the combination makes no sense.
    static ScalarSettings from(const ParameterValues& values);

    std::uint32_t levelCount() const { return std::uint32_t{1} << bits; }
    int scaleBits() const { return halfScales ? 16 : 32; }
    bool hasZeroPoints() const { return !lloyd && scheme == Scheme::Asymmetric; }
};

/// The schema of the method "scalar".
std::vector<ParameterSpec> scalarParameters();

}  // namespace quantscope::scalar
