// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/quant/encoded_tensor.h"

namespace quantscope {

/// How scales are stored: binary16 or binary32 numbers times a power of two that all scales of a
/// tensor share, so that weights of any magnitude keep their relative precision.
class ScaleFormat {
public:
    /// Without a base, scales are rounded as if the exponent had no limits.
    explicit ScaleFormat(bool half, std::optional<int> base = std::nullopt)
        : m_half(half), m_base(base) {}

    /// The stored form of a scale >= 0: the next larger number for binary16, so that the rounding
    /// never clips the largest weight, the nearest for binary32.
    double rounded(double scale) const;

    /// The base for which the largest of `scales` (all rounded) uses the upper end of the format.
    static int baseFor(bool half, std::span<const double> scales);

    /// Whether all of `scales` are stored without further rounding.
    bool holds(std::span<const double> scales) const;

    /// Base (4 bytes), then the numbers; needs a base. Little-endian.
    std::vector<std::uint8_t> store(std::span<const double> scales) const;
    /// Throws Error when `bytes` do not hold `count` finite scales.
    static std::vector<double> load(bool half, std::span<const std::uint8_t> bytes,
                                    std::size_t count);

    /// Rounds scales whose codes do not depend on their last digits, and stores them with the base
    /// that fits.
    static Section storeRounded(const std::string& name, bool half, std::vector<double> scales);

    static std::uint64_t bitCount(bool half, std::uint64_t count) {
        return 32 + count * (half ? 16 : 32);
    }

private:
    double quantum() const;

    bool m_half;
    std::optional<int> m_base;
};

}  // namespace quantscope
