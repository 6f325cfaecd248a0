// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/matrix_view.h"

namespace quantscope::bench {

/// The matrices that everything is measured on; made once per process, the same values on every
/// machine up to rounding.
enum class DataSet {
    /// 100,000 x 128: a mixture of 256 Gaussians with power-law weights, standard deviations
    /// (j + 1)^-0.6 along a random orthonormal basis, and 0.3 to 0.7 of that within a component.
    Clustered,
    Gaussian,  ///< 100,000 x 128: independent N(0, 1).
    Student,   ///< 524,288 x 8: independent 0.02 t with 5 degrees of freedom, as weights have.
};

const Matrix& dataSet(DataSet set);
const char* nameOf(DataSet set);

}  // namespace quantscope::bench
