// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <stop_token>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Overwrites the lower triangle of the symmetric matrix A (size x size, row-major) by L with
/// A = L L^T; what stands above the diagonal is left alone and not read. False, with the content
/// lost, when a pivot is not above `smallestPivot`, so that A is not safely positive definite.
/// Blocked, in parallel, the same bits at any thread count. Throws Cancelled.
bool choleskyInPlace(std::span<double> a, Index size, double smallestPivot,
                     const std::stop_token& stop);

}  // namespace quantscope
