// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <stop_token>

#include "core/base/matrix_view.h"

namespace quantscope {

/// The weights with which a layer gives the output it used to when its inputs have become others:
/// W* = argmin sum |W x - W* y|^2 + d |W - W*|^2 = W (C + d I) (H + d I)^-1, for inputs x before
/// and y now, H = sum y y^T, C = sum x y^T (both cols x cols, row-major) and d = damping x
/// mean(diag H). With y = x these are the weights themselves. (The target of asymmetric
/// calibration: Li et al., "GPTAQ", 2025, where it is approximated column by column.) The same bits
/// at any thread count. Throws Error when H + d I is not positive definite, and Cancelled.
Matrix correctedWeights(MatrixView weights, std::span<const double> hessian,
                        std::span<const double> crossProducts, double damping,
                        const std::stop_token& stop);

}  // namespace quantscope
