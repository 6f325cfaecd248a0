// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "plugins/scalar/unit_layout.h"

namespace quantscope::scalar {

// Names of the sections of an encoded tensor.
inline constexpr const char* codesSection = "codes";    ///< rows x cols codes, packed.
inline constexpr const char* scalesSection = "scales";  ///< ScaleFormat, one scale per unit.
inline constexpr const char* zerosSection =
    "zeros";  ///< One zero point of `bits` bits per unit, packed.
inline constexpr const char* levelsSection =
    "levels";  ///< 2^bits numbers in the scale format, no base.

}  // namespace quantscope::scalar
