// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/kernels/nearest.h"
#include "core/quant/codeword_format.h"

namespace quantscope {

/// Rounds codebooks to what can be stored, and packs them for searching. Throws Cancelled.
std::vector<CodewordPanels> packedAsStored(std::vector<Matrix>& books, const CodewordFormat& format,
                                           const std::stop_token& stop);

}  // namespace quantscope
