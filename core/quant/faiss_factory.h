// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/matrix_view.h"
#include "core/quant/method_spec.h"

namespace quantscope {

/// The Faiss index-factory string that trains the same kind of code on vectors of `dim` values, in
/// Faiss's canonical form ("PQ10x8", "RQ4x8", "SQ8"). `method` is resolved. Throws Error with the
/// reason when Faiss has no equivalent.
///   scalar  SQ4, SQ6, SQ8: uniform codes between the minimum and maximum of each dimension
///   pq      PQ{m}x{bits}: m equal slices with a codebook each; with a trained rotation
///           OPQ{m},PQ{m}x{bits}, or OPQ{m}_{dims},PQ{m}x{bits} where it keeps fewer dimensions
///   rvq     RQ{stages}x{bits}: residual codes of whole vectors (Faiss chooses its own beam);
///           stages of other widths follow as in RQ1x10_2x8; PRQ{groups}x{stages}x{bits} in groups
///   additive  LSQ{m}x{bits}: additive codes of whole vectors (Faiss chooses its own search)
std::string faissFactoryString(const MethodSpec& method, Index dim);

/// The method behind one of these strings; "PQ10" stands for "PQ10x8". Throws Error for everything
/// else, with the reason where it is another string of Faiss.
MethodSpec methodFromFaissFactory(std::string_view text);

}  // namespace quantscope
