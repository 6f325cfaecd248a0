// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

#include "core/base/matrix_view.h"

namespace quantscope {

/// A random stream (xoshiro256++, Blackman and Vigna 2019) keyed by (seed, block). Work that is cut
/// into blocks takes one stream per block, so results do not depend on which thread ran what.
/// Distributions are written here because those of the standard library differ between vendors.
class Random {
public:
    using result_type = std::uint64_t;

    explicit Random(std::uint64_t seed, std::uint64_t block = 0);

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return ~result_type{0}; }
    result_type operator()();

    /// Uniform in [0, 1), 53 random bits.
    double uniform();
    /// Standard normal (polar method of Marsaglia).
    double normal();
    /// Uniform in 0 .. bound-1, without modulo bias; bound >= 1.
    Index below(Index bound);

private:
    std::array<std::uint64_t, 4> m_state;
    double m_spareNormal = 0.0;
    bool m_hasSpareNormal = false;
};

}  // namespace quantscope
