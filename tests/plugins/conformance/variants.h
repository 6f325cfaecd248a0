// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/quant/method.h"
#include "core/quant/side_information.h"
#include "tests/plugins/slowness.h"

namespace quantscope::test {

/// A tensor to choose settings for, and how much work they may cost on it.
struct Occasion {
    Index rows = 301;
    Index cols = 24;
    double multiplyAdds = 2e8 / slowness;
};

/// Large enough for several blocks, so that threads have something to get in the way of.
constexpr Occasion severalBlocks{6000, 48, 4e8 / slowness};

/// What a quantizer is given besides the weights: nothing, or, when it refuses the tensor for that
/// and not otherwise, the full Hessian of inputs of which neighbours are alike. There is none for
/// very wide tensors.
SideInformation sideFor(const Quantizer& quantizer, Index rows, Index cols);

/// Whether the method can be made and its preflight neither refuses the tensor nor promises more
/// work than wanted. Settings that make no sense have to be refused with an Error.
bool isAccepted(const MethodSpec& spec, const Occasion& occasion);

/// `resolved` without the parameters that equal their defaults: short, and the same method.
MethodSpec withoutDefaults(const MethodSpec& resolved);

/// Settings that follow from the schema alone, all of them accepted: the defaults (or, where they
/// cost too much, settings drawn at random), then one
/// parameter at a time at every choice, at both ends of its range (or as near as is accepted), and,
/// where it is a method, at a third of the methods that are accepted.
/// A parameter that counts only under another one is varied with that one set.
std::vector<MethodSpec> plainVariants(const Method& method, const Occasion& occasion);

/// `count` accepted settings drawn at random, the same ones in every run.
std::vector<MethodSpec> randomVariants(const Method& method, const Occasion& occasion, int count);

/// For each accepted whole-numbered or real parameter of unit "bits": the settings with it at 1, 2,
/// ... and otherwise at the defaults, as far as they are accepted. Of a method with a parameter
/// "bits" that one alone: the others deal out the same bits.
std::vector<std::vector<MethodSpec>> bitSeries(const Method& method, const Occasion& occasion);

}  // namespace quantscope::test
