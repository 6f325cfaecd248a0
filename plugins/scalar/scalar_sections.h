// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "plugins/scalar/unit_layout.h"

namespace quantscope::scalar {

// Names of the sections of an encoded tensor.
inline constexpr const char* codesSection = "codes";    ///< rows x cols codes, packed.
inline constexpr const char* scalesSection = "scales";  ///< ScaleFormat, one scale per unit.
inline constexpr const char* zerosSection =
    "zeros";  ///< One zero point per unit, packed: a code, or with scheme=range a float.
inline constexpr const char* levelsSection =
    "levels";  ///< 2^bits floats of 16 or 32 bits, no base.

}  // namespace quantscope::scalar
