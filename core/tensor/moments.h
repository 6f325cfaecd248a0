// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace quantscope {

/// Mean and sums of powers of deviations from it, in double precision. Parts are merged by the
/// pairwise formulas of Chan, Golub and LeVeque (1979) as extended to higher moments by Pebay
/// (2008), which lose no digits when the mean is far from zero.
struct Moments {
    std::uint64_t count = 0;
    double mean = 0.0;
    double second = 0.0;  ///< sum (x - mean)^2
    double third = 0.0;   ///< sum (x - mean)^3
    double fourth = 0.0;  ///< sum (x - mean)^4

    void merge(const Moments& other);
};

/// Moments of the finite values among `values`; the others are passed over.
Moments momentsOf(std::span<const float> values);

}  // namespace quantscope
