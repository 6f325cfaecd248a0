// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/matrix_view.h"

namespace quantscope {

/// What the bits of an encoded tensor are spent on.
enum class RatePart {
    Codes,       ///< Code indices of the weights.
    Scales,      ///< Scales, zero points, norms, gains, bit-allocation maps.
    Codebooks,   ///< Codewords and level tables.
    Transforms,  ///< Rotations, permutations, means, seeds.
    Outliers,    ///< Values kept in high precision, with their positions.
    Factors,     ///< Of a low-rank matrix that is added to the decoded weights.
    Padding,     ///< Bits that only fill up bytes.
};
inline constexpr std::array allRateParts = {
    RatePart::Codes,    RatePart::Scales,  RatePart::Codebooks, RatePart::Transforms,
    RatePart::Outliers, RatePart::Factors, RatePart::Padding};

/// "codes", "scales", ...: the key in JSON and the name in legends.
std::string_view ratePartName(RatePart part);

/// Itemised size of an encoded tensor, in bits.
struct RateLedger {
    std::array<std::uint64_t, allRateParts.size()> bits{};

    std::uint64_t& operator[](RatePart part) { return bits[static_cast<std::size_t>(part)]; }
    std::uint64_t operator[](RatePart part) const { return bits[static_cast<std::size_t>(part)]; }
    std::uint64_t totalBits() const;
    RateLedger& operator+=(const RateLedger& other);
    bool operator==(const RateLedger&) const = default;

    /// Total bits (or those of one part) over the number of weights.
    double bitsPerWeight(Index weights) const;
    double bitsPerWeight(RatePart part, Index weights) const;
};

}  // namespace quantscope
