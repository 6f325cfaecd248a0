// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace quantscope {

/// values <- exp(values - max) / sum exp(values - max); at least one value.
void softmax(std::span<float> values);

/// log sum exp(values), in double; at least one value.
double logSumExp(std::span<const float> values);

/// gate <- silu(gate) x factor, where silu(x) = x / (1 + exp(-x)) (Elfwing, Uchibe and Doya 2018).
/// Both of one length.
void multiplySilu(std::span<float> gate, std::span<const float> factor);

}  // namespace quantscope
