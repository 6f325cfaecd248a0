// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/nearest.h"
#include "core/quant/codeword_format.h"
#include "core/quant/run_context.h"
#include "plugins/pq/pq_settings.h"

namespace quantscope::pq {

struct PqTraining {
    std::vector<CodewordPanels> books;  ///< One for each slice, or a shared one.
    std::vector<int> bits;              ///< Of each book: it has 2^bits codewords.
    /// cols x sliced columns, with orthonormal columns but for rounding: rows times this are what
    /// is cut into slices. Empty without a rotation.
    Matrix rotation;
    /// Of the slices of the training rows, as they are coded and, with a rotation, before it; sums
    /// over columns (sliceVariances). Empty with a shared codebook.
    std::vector<double> variances;
    std::vector<double> unrotatedVariances;
};

/// Trains codebooks, and the rotation if one is asked for, on the rows of `sample`. The rotation
/// starts from the principal axes, dealt to the slices so that the products of their variances are
/// about equal; then, in turn, some iterations of k-means and the rotation that brings the rows
/// nearest to their codewords (Ge, He, Ke, Sun, "Optimized product quantization", CVPR 2013,
/// sections 3.1 and 3.2). Where slices get their bits by variance, wholeVectorBits of the
/// variances along the principal axes of each decides. All is rounded as `format` stores
/// it. Same bits at any thread count. Throws Cancelled. Codebooks start from
/// `given`, if there are any, which needs slices that are neither rotated nor of different bits.
PqTraining trainPq(const PqSettings& settings, const SliceLayout& layout, MatrixView sample,
                   const std::vector<Matrix>& given, const CodewordFormat& format,
                   const RunContext& context);

/// Codes (rows x slices) of rows that are rotated already.
void encodeSlices(const std::vector<CodewordPanels>& books, const SliceLayout& layout,
                  MatrixView rows, std::span<std::uint32_t> codes);

/// Codewords of a codebook, on average over the components; where bits follow the variance,
/// roughly.
double typicalCodewords(const PqSettings& settings, Index trainedRows);

/// Multiply-adds of this training, roughly.
double pqTrainingWork(const PqSettings& settings, Index rows, Index cols);

}  // namespace quantscope::pq
