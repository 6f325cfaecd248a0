// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/quant/encoded_tensor.h"

namespace quantscope {

/// Number formats of stored scales.
enum class ScaleType {
    Byte,    ///< 8 bits without a sign: 4 of exponent, 4 of mantissa.
    Half,    ///< binary16
    Single,  ///< binary32
};

/// How scales are stored: numbers of a type times a power of two that all scales of a tensor share,
/// so that weights of any magnitude keep their relative precision.
class ScaleFormat {
public:
    /// Without a base, scales are rounded as if the exponent had no limits.
    explicit ScaleFormat(ScaleType type, std::optional<int> base = std::nullopt)
        : m_type(type), m_base(base) {}

    /// The stored form of a scale >= 0: the nearest number for binary32, else the next larger one,
    /// so that the rounding never clips the largest weight.
    double rounded(double scale) const;

    /// The stored form that is nearest to a scale >= 0, for codes that are chosen already; of two
    /// the smaller one.
    double nearest(double scale) const;

    /// The base for which the largest of `scales` (all rounded) uses the upper end of the format.
    static int baseFor(ScaleType type, std::span<const double> scales);

    /// Whether all of `scales` are stored without further rounding.
    bool holds(std::span<const double> scales) const;

    /// Base (4 bytes), then the numbers; needs a base. Little-endian.
    std::vector<std::uint8_t> store(std::span<const double> scales) const;
    /// Throws Error when `bytes` do not hold `count` finite scales.
    static std::vector<double> load(ScaleType type, std::span<const std::uint8_t> bytes,
                                    std::size_t count);

    /// Rounds scales whose codes do not depend on their last digits, and stores them with the base
    /// that fits.
    static Section storeRounded(const std::string& name, ScaleType type,
                                std::vector<double> scales);

    static int width(ScaleType type) {
        return type == ScaleType::Byte ? 8 : type == ScaleType::Half ? 16 : 32;
    }
    static std::uint64_t bitCount(ScaleType type, std::uint64_t count) {
        return 32 + count * static_cast<std::uint64_t>(width(type));
    }

private:
    double quantum() const;

    ScaleType m_type;
    std::optional<int> m_base;
};

}  // namespace quantscope
