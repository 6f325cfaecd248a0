// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Mean of the squared norms of the rows (n > 0). In parallel, same bits at any thread count;
/// throws Cancelled.
double meanSquare(MatrixView x, const std::stop_token& stop);

}  // namespace quantscope
