// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "plugins/kquant/kquant_layout.h"

namespace quantscope::kquant {

/// How the codes of a part become values: level x scale - minimum.
struct PartFit {
    float scale = 0.0F;
    float minimum = 0.0F;
};

/// Scale and minimum of a part with the (nearly) least sum of u (x - value)^2: of a few roundings
/// of the part, each with its least-squares scale. `weights` (u) has a value > 0 for each of
/// `values`; at most 256 of them.
PartFit fitPart(const Layout& layout, std::span<const float> values,
                std::span<const float> weights);

/// The codes nearest to `values` under a fit; lowest code for a scale of 0.
void nearestCodes(const Layout& layout, std::span<const float> values, const PartFit& fit,
                  std::span<float> levels);

/// Levels as codes and back.
std::uint32_t codeOf(const Layout& layout, float level);
float levelOf(const Layout& layout, std::uint32_t code);

}  // namespace quantscope::kquant
