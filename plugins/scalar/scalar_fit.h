// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/quant/grid_fit.h"
#include "plugins/scalar/scalar_encoder.h"

namespace quantscope::scalar {

/// What can be fitted to the codes that `encoder` holds: the levels where one scale serves the
/// whole table, otherwise scales, with Scheme::Range zero points as well. Zero points that are
/// codes stay. Scales are stored in `format`, which has a base. All outlive the result.
std::unique_ptr<GridFit> scalarFit(ScalarEncoder& encoder, const ScalarSettings& settings,
                                   const ScaleFormat& format);

}  // namespace quantscope::scalar
