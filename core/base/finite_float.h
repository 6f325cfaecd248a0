// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <limits>

namespace quantscope {

/// `value` as a float; beyond what a float holds, the largest one with its sign. Errors and
/// rounding may lift reconstructions of the largest weights just above that.
inline float toFiniteFloat(double value) {
    constexpr double largest = std::numeric_limits<float>::max();
    return static_cast<float>(std::clamp(value, -largest, largest));
}

}  // namespace quantscope
