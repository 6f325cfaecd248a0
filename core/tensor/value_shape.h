// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <stop_token>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Shape of the distribution of a matrix's values: how hard they are to code on a grid. Transforms
/// are there to change it.
struct ValueShape {
    double incoherence = 0.0;  ///< max|w| sqrt(n) / |W|_F; 1 at least (QuIP 2023, section 3).
    double kurtosis = 0.0;     ///< n sum (w - m)^4 / (sum (w - m)^2)^2; 3 for a Gaussian.
    /// Quantization space utilization (OSTQuant 2025, section 3): the volume of the ellipsoid that
    /// holds 99% of a Gaussian with the rows' covariance over that of the cube [-max|w|, max|w|]^d,
    /// per dimension (the d-th root). Of runs of d = 16 columns each, the last may be shorter;
    /// their geometric mean. 0 when the rows of a run lie in a plane; absent with too few rows to
    /// tell (not more than d). Above 1 for values that fill the cube evenly.
    std::optional<double> spaceUtilization;
};

/// All are 0 for a matrix of zeros, kurtosis and utilization for equal values. Same bits at any
/// thread count. Throws Cancelled.
ValueShape valueShape(MatrixView values, const std::stop_token& stop);

}  // namespace quantscope
