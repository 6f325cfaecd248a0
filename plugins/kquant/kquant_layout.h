// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"

namespace quantscope::kquant {

/// What the codes of a block stand for, before the scale.
enum class LevelKind {
    Signed,  ///< -2^(bits-1) .. 2^(bits-1) - 1, times the scale.
    Affine,  ///< 0 .. 2^bits - 1, times the scale, minus the minimum.
    Table,   ///< The 16 levels of IQ4_NL, times the scale.
};

/// One of llama.cpp's layouts. A superblock has `superblock` weights in parts of `part` with a
/// scale each; where a part is all of the superblock, its scale is a 16-bit float, else an integer
/// of `scaleBits` bits times the superblock's 16-bit float.
struct Layout {
    std::string name;
    LevelKind levels = LevelKind::Signed;
    int bits = 4;
    Index superblock = 256;
    Index part = 32;
    int scaleBits = 0;             ///< 0: no integer scales.
    bool positiveMinimum = false;  ///< Minima are subtracted, never added.

    bool hasParts() const { return part < superblock; }
    Index parts() const { return superblock / part; }
    bool isAffine() const { return levels == LevelKind::Affine; }
    /// Floats of a superblock: its scale, and its minimum.
    int floats() const { return isAffine() ? 2 : 1; }
    int levelCount() const { return 1 << bits; }
    std::uint64_t bitsPerSuperblock() const;
};

/// The layout of a method; throws Error when there is none of that name.
Layout layoutFrom(const ParameterValues& values);

/// The schema of the method "kquant".
std::vector<ParameterSpec> kquantParameters();

/// The levels of IQ4_NL and IQ4_XS, by code (Iwan Kawrakow, llama.cpp pull request 5590, 2024).
inline constexpr int tableLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};

}  // namespace quantscope::kquant
