// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"
#include "plugins/pq/pq_settings.h"

namespace quantscope::pq {

/// The variance of each slice of rows, summed over its columns. In parallel, same bits at any
/// thread count; throws Cancelled.
std::vector<double> sliceVariances(MatrixView rows, const SliceLayout& layout,
                                   const std::stop_token& stop);

}  // namespace quantscope::pq
