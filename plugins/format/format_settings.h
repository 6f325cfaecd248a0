// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"
#include "plugins/format/element.h"

namespace quantscope::format {

/// How the scales of blocks are stored.
enum class ScaleKind {
    PowerOfTwo,  ///< 8-bit exponent (E8M0).
    Float8,      ///< E4M3, times one 32-bit float for the tensor.
    Half,        ///< 16-bit float; the tensor shares a power of two.
    Single,      ///< 32-bit float.
    Byte,  ///< 8 bits about the mean, with a 32-bit float for every 256 ("double quantization").
};

/// How the ideal scale of a block follows from its weights.
enum class ScaleRule {
    Largest,   ///< The largest magnitude meets the largest level.
    Exponent,  ///< The largest magnitude's exponent meets the largest level's.
    Ternary,   ///< Mean magnitude of the weights above 0.7 of the mean magnitude.
};

/// A number format with everything decided.
struct FormatSettings {
    Element element;
    ScaleKind scale = ScaleKind::Half;
    ScaleRule rule = ScaleRule::Largest;
    Index block = 32;     ///< Weights that share a scale; 0: a row.
    bool across = false;  ///< Blocks of the row-major tensor, across the ends of rows.
    bool search = false;  ///< Also tries neighbouring scales and keeps the best.

    /// Throws Error when a parameter is missing or the combination makes no sense.
    static FormatSettings from(const ParameterValues& values);
};

/// The schema of the method "format".
std::vector<ParameterSpec> formatParameters();

}  // namespace quantscope::format
