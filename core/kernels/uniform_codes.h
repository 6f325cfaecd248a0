// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace quantscope {

/// Equally spaced levels (code - zero) x scale for codes 0 .. largest <= 255.
struct UniformSteps {
    float scale = 0.0F;
    float zero = 0.0F;
    float largest = 0.0F;

    /// Whether single precision is enough to tell the nearest code from its neighbours, but for the
    /// few weights that lie halfway.
    static bool canHold(double scale, double zero);
};

/// Tells the code of one weight where that is not plain: `grid` is what was handed to
/// encodeUniform.
using CodeOfTie = std::uint8_t (*)(const void* grid, float weight);

/// The nearest codes; where a weight lies halfway between two, or nearly so, `codeOfTie` decides.
/// So the codes are those that it gives for every weight, if it rounds to the nearest. `weights`
/// are finite; `codes` is as long. The instruction set is chosen at run time.
void encodeUniform(std::span<const float> weights, const UniformSteps& steps, CodeOfTie codeOfTie,
                   const void* grid, std::uint8_t* codes);

/// The levels of codes, each rounded once and kept within what a float holds. `steps.zero` is a
/// multiple of 1/2.
void decodeUniform(std::span<const std::uint8_t> codes, const UniformSteps& steps, float* values);

/// Least and largest of finite values.
struct ValueRange {
    float least = 0.0F;
    float most = 0.0F;
};
/// Of at least one value.
ValueRange rangeOf(std::span<const float> values);

}  // namespace quantscope
