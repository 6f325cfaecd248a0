// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"

namespace quantscope::pvq {

/// The parameters of the pyramid quantizer, typed.
struct PvqSettings {
    int dim = 16;
    int pulses = 10;
    int gainBits = 4;

    /// Throws Error when a parameter is missing or out of range.
    static PvqSettings from(const ParameterValues& values);

    std::uint32_t gainLevels() const { return 1U << gainBits; }
};

/// The schema of the method "pvq".
std::vector<ParameterSpec> pvqParameters();

}  // namespace quantscope::pvq
