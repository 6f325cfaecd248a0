// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/kernels/nearest.h"
#include "core/kernels/signed_patterns.h"

namespace quantscope::e8 {

inline constexpr Index dim = 8;
using Point = std::array<float, dim>;

/// The book E8P (Tseng et al., "QuIP#", ICML 2024, section 4.2): vectors of odd halves with an even
/// sum, all coordinates shifted by 1/4 or -1/4. A code has 16 bits: 8 for the magnitudes (all 227
/// patterns of squared norm up to 10, then 29 of norm 12 without a 5/2, pattern i * 56 / 29 of the
/// 56 there are, both in order of the number with base-3 digits |x| - 1/2, the first of which
/// counts least), 7 for the signs of the first seven coordinates (the eighth follows, because the
/// sum is even), and one for the shift, from the lowest on.
class E8pBook {
public:
    static constexpr std::uint32_t size = 1U << 16;

    E8pBook();

    /// The nearest codes of `vectors` (n x 8): exact.
    void encode(MatrixView vectors, std::span<std::uint32_t> codes) const;
    Point point(std::uint32_t code) const;

private:
    Matrix m_magnitudes;  ///< 256 x 8
    SignedPatterns m_patterns;
};

/// 256 points of E8: the origin, its 240 nearest neighbours, and 15 of the 16 points +-2 on an axis
/// (the squared norm of all of these is at most 4).
class E8Book {
public:
    static constexpr std::uint32_t size = 256;

    E8Book();

    void encode(MatrixView vectors, std::span<std::uint32_t> codes) const;
    Point point(std::uint32_t code) const;

private:
    CodewordPanels m_points;
};

}  // namespace quantscope::e8
