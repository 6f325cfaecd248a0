// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace quantscope::pvq {

/// Integers with sum |y_i| = `count` that (nearly) maximise the cosine of y and x: the rounded-down
/// projection, one pulse after the other where it helps most, then pulses moved as long as that
/// helps. Returns the gain <x, y> / |y|, at least 0.
float placePulses(std::span<const float> x, int count, std::span<int> pulses);

}  // namespace quantscope::pvq
