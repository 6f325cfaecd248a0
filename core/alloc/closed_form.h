// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Parts that share a budget of bits. Part j has sizes[j] > 0 weights and loses
/// sizes[j] x coefficients[j] x 2^(-2 R) when each of its weights gets R bits.
struct PartLosses {
    std::vector<double> coefficients;  ///< >= 0, per weight.
    std::vector<Index> sizes;

    /// Arithmetic over geometric mean of the coefficients, both weighted by size: the factor by
    /// which equalLossBits lowers the total loss below that of equal bits (transform coding gain).
    /// Infinite when some coefficient is 0.
    double gain() const;
};

/// Real-valued bits that minimise the total loss for a mean of `meanBits` bits per weight, with no
/// bounds: R_j = meanBits + 1/2 log2(c_j / GM(c)), which makes the loss per weight of all parts
/// equal (Huang and Schultheiss 1963; BAQ 2025). Parts with coefficient 0 get minus infinity and do
/// not count.
std::vector<double> equalLossBits(const PartLosses& parts, double meanBits);

/// The same with bounds on every part: R_j = clamp(1/2 log2(c_j / level), minimum, maximum) with
/// the level for which the mean is `meanBits` (reverse water-filling for minimum 0, Cover and
/// Thomas, ch. 10.3). meanBits is clamped into [minimum, maximum] first.
std::vector<double> waterFillingBits(const PartLosses& parts, double meanBits, double minimum,
                                     double maximum);

}  // namespace quantscope
