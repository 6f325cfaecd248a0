// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"

namespace quantscope::mixed {

/// What the bits of a group of columns follow from.
enum class Rule {
    EqualLoss,     ///< Closed form on errors that the base makes at the mean (BAQ).
    WaterFilling,  ///< Reverse water-filling on the columns' energies.
    Measured,      ///< Errors that the base makes at every number of bits.
};

/// The parameters of the mixed-precision quantizer, typed.
struct MixedSettings {
    double bits = 3.0;  ///< Mean over the columns.
    MethodSpec base;
    Index group = 16;  ///< Consecutive columns that share a number of bits.
    Rule rule = Rule::EqualLoss;
    int minimum = 1;
    int maximum = 8;

    /// Throws Error when a parameter is missing or the combination makes no sense.
    static MixedSettings from(const ParameterValues& values);

    Index groupCount(Index cols) const { return (cols + group - 1) / group; }
};

/// The schema of the method "mixed".
std::vector<ParameterSpec> mixedParameters();

}  // namespace quantscope::mixed
