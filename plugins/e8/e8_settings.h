// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/quant/gains.h"

namespace quantscope::e8 {

/// The parameters of the lattice quantizer, typed.
struct E8Settings {
    int bits = 2;
    GainSettings gains;

    /// Throws Error when a parameter is missing or out of range.
    static E8Settings from(const ParameterValues& values);

    int codeWidth() const { return 8 * bits; }
    /// What unit-variance weights are multiplied by to meet the first book, and what is left then
    /// to meet the second: the best for N(0,1), found by scanning.
    double inputScale() const;
    double residualScale() const;
};

/// The schema of the method "e8".
std::vector<ParameterSpec> e8Parameters();

}  // namespace quantscope::e8
