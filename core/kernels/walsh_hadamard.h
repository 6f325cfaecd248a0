// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace quantscope {

/// Multiplies `values`, whose number is a power of two, by the orthogonal Walsh-Hadamard matrix
/// H_ij = n^-1/2 (-1)^(number of common one bits of i and j), which is its own inverse. In place,
/// O(n log n); the instruction set is chosen at run time. Serial.
void walshHadamard(std::span<float> values);

}  // namespace quantscope
