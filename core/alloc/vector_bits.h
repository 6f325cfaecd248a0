// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Least squared error, summed over independent Gaussian components of these variances (>= 0), that
/// `bits` (>= 0) for all of them together allow: components above a level are coded down to it, the
/// others cost nothing and lose their variance (reverse water-filling: Cover and Thomas, "Elements
/// of Information Theory", section 10.3.3).
double waterFillingError(std::span<const double> variances, double bits);

/// Whole bits for codes of vectors that share `total` bits, 0 to `most` each: vector j has the
/// variances spectra[j] along its principal axes and loses waterFillingError of them. The sum of
/// the errors is the least that whole bits allow: errors are convex in the bits, so every further
/// bit may go where it helps most (Fox, "Discrete optimization via marginal analysis", Management
/// Science 1966); of equals to the first. `total` is at most spectra.size() * most.
std::vector<int> wholeVectorBits(const std::vector<std::vector<double>>& spectra, Index total,
                                 int most);

}  // namespace quantscope
