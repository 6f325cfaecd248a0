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
    double budget = 0.0;  ///< Bits per weight that the pulses were derived from; 0: they are given.
    bool leavesBits = false;  ///< The budget would hold more pulses than there may be.

    /// Throws Error when a parameter is missing or out of range.
    static PvqSettings from(const ParameterValues& values);

    std::uint32_t gainLevels() const { return 1U << gainBits; }
};

/// The schema of the method "pvq".
std::vector<ParameterSpec> pvqParameters();

}  // namespace quantscope::pvq
