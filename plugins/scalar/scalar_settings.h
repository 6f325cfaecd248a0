// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"
#include "core/quant/scale_format.h"

namespace quantscope::scalar {

/// Where the levels of a uniform grid lie.
enum class Scheme {
    /// Multiples of the scale from -2^(b-1) to 2^(b-1)-1. The range reaches from -max|w| to max|w|,
    /// so the lowest level is used by clipped ranges only; otherwise one of the 2^b codes stays
    /// unused.
    Symmetric,
    Asymmetric,  ///< 2^b levels from min(w, 0) to max(w, 0), one of them exactly zero.
    MidRise,     ///< 2^b levels at odd multiples of half the scale; none is zero.
    Range,       ///< 2^b levels from the least to the largest weight; the zero point is any number.
};

/// What a code stands for.
enum class Levels {
    Uniform,
    Lloyd,    ///< A trained table of levels.
    Optimal,  ///< The same, by exhaustive search.
};

/// Which weights share a scale.
enum class Granularity { Tensor, Row, Column, Group };

/// The parameters of the scalar quantizer, typed.
struct ScalarSettings {
    int bits = 4;
    Scheme scheme = Scheme::Symmetric;
    Granularity granularity = Granularity::Row;
    Index group = 32;            ///< Consecutive weights of a row that share a scale.
    bool minimizeError = false;  ///< Clip search (uniform) or scale refit (tables).
    bool importance = false;     ///< Errors count by the Hessian's diagonal.
    Levels levels = Levels::Uniform;
    ScaleType scale = ScaleType::Half;
    /// Codes are rounded twice: first to this many bits, of which the code is a view. 0: once.
    int nestedBits = 0;

    /// Throws Error when a parameter is missing or the combination makes no sense.
    static ScalarSettings from(const ParameterValues& values);

    std::uint32_t levelCount() const { return std::uint32_t{1} << bits; }
    bool hasTable() const { return levels != Levels::Uniform; }
    /// Level tables are not stored in less than 16 bits.
    bool hasHalfTable() const { return scale != ScaleType::Single; }
    /// Bits of a stored zero point: a code, or a number (binary16 or binary32); 0: there is none.
    int zeroBits() const;
    /// The settings of the wider tensor that the codes are a view of; these themselves without one.
    ScalarSettings wide() const;
    /// How often the wider tensor's scale fits into the one of its view.
    double nestedFactor() const;
};

/// The schema of the method "scalar".
std::vector<ParameterSpec> scalarParameters();

}  // namespace quantscope::scalar
