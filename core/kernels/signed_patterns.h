// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Search among all vectors of 8 components whose magnitudes are one of up to 65536 patterns and
/// whose signs are free, except that the number of negative signs is even, or odd, as each pattern
/// says: balls of the lattices D8 and E8 about their holes. The nearest is found exactly, without
/// visiting the 128 signs of a pattern: the signs of the vector itself are best, and where their
/// number is of the wrong kind, the one is flipped that costs least. The instruction set is chosen
/// at run time; calls are serial.
class SignedPatterns {
public:
    static constexpr Index dim = 8;

    /// `magnitudes`: one pattern per row, 8 values >= 0. `oddNegatives`: for every pattern whether
    /// it has an odd number of negative signs.
    SignedPatterns(MatrixView magnitudes, std::span<const bool> oddNegatives);

    /// For every row of `x` (n x 8) the pattern of the nearest vector, lowest number first among
    /// equals, and its squared distance (from |x|^2 - 2 x.c + |c|^2, to single precision).
    void nearest(MatrixView x, std::span<std::uint32_t> patterns,
                 std::span<float> squaredDistances) const;

    /// The nearest vector with the magnitudes of `pattern`.
    std::array<float, dim> signedLike(std::span<const float> x, std::uint32_t pattern) const;

private:
    /// A pattern as the kernel reads it.
    struct Pattern {
        std::array<float, dim> magnitudes{};
        float squaredNorm = 0.0F;
        float odd = 0.0F;  ///< -0 for an odd number of negative signs.
    };

    std::vector<Pattern> m_patterns;
};

}  // namespace quantscope
