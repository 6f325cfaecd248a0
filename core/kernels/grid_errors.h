// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace quantscope {

/// A uniform grid: x lies at x * steps + shift, and the levels are the whole numbers from low to
/// high.
struct StepGrid {
    float steps = 0.0F;
    float low = 0.0F;
    float high = 0.0F;
    float shift = 0.0F;

    /// Squared distance of x to the nearest level, in steps.
    float squaredError(float x) const {
        // Adding and subtracting 1.5 x 2^23 rounds to whole numbers.
        constexpr float magic = 0x1.8p23F;
        const float position = x * steps + shift;
        float level = (position + magic) - magic;
        level = level < low ? low : level;
        level = level > high ? high : level;
        const float error = position - level;
        return error * error;
    }
};

/// Values are taken in runs of this many.
inline constexpr std::size_t gridErrorLanes = 16;

/// Sum of the squared errors of `count` values, a multiple of gridErrorLanes, each times its
/// `importance` where that is not null. In single precision and in an order of its own, the same on
/// every instruction set; which one is chosen at run time.
float squaredGridErrors(const float* values, const float* importance, std::size_t count,
                        const StepGrid& grid);

}  // namespace quantscope
