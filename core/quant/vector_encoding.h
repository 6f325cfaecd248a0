// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/quant/encoded_tensor.h"
#include "core/quant/packed_codes.h"
#include "core/quant/row_vectors.h"
#include "core/quant/run_context.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// How the vectors of a tensor are turned into codes.
struct VectorEncoding {
    RowVectors layout;
    int exponent = 0;                    ///< Vectors are handed out times 2^-exponent.
    CodeWidths widths;                   ///< Of the codes of a vector.
    double multiplyAddsPerVector = 1.0;  ///< For the size of blocks.
    /// Writes the codes of every vector (a row of `vectors`, numbers firstVector ... of the
    /// layout), vector by vector. Called from several threads at once.
    std::function<void(Index firstVector, MatrixView vectors, std::span<std::uint32_t> codes)>
        encode;
    /// Figures that are summed over the vectors (errors, for example): adds those of `vectors`,
    /// numbers firstVector ... of the layout, whose codes are `codes`, to `sums`. May be left
    /// empty.
    std::function<void(Index firstVector, MatrixView vectors, std::span<const std::uint32_t> codes,
                       std::span<double> sums)>
        measure = {};
    std::size_t sumCount = 0;
};

struct EncodedVectors {
    Section codes;
    std::vector<double> sums;  ///< What `measure` added; the same bits at any thread count.
};

/// Reads the tensor block by block and packs the codes of all its vectors without gaps, so that
/// only codes stay in memory: in a section for RatePart::Codes. Throws Error for values that are
/// not finite, or Cancelled; progress counts vectors.
EncodedVectors encodeVectors(const TensorSource& weights, const VectorEncoding& encoding,
                             const std::string& sectionName, const RunContext& context);

}  // namespace quantscope
