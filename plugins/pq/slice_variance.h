// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "plugins/pq/pq_settings.h"

namespace quantscope::pq {

/// The variance of each slice of rows, summed over its columns. Sums in double precision, row after
/// row.
std::vector<double> sliceVariances(MatrixView rows, const SliceLayout& layout);

}  // namespace quantscope::pq
