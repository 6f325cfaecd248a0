// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/run_context.h"

namespace quantscope {

struct BlockScales;

/// Which scales (core/kernels/scaled_search.h) the rows have: those of the vectors `numbers`.
struct RowScales {
    const BlockScales* scales = nullptr;  ///< Null for none.
    std::span<const Index> numbers = {};  ///< One for each row.
};

struct RefitParameters {
    int iterations = 100;        ///< At most so many conjugate gradient steps.
    double relativeGain = 1e-6;  ///< Ends when a step lowers the objective by less than this share.
};

/// Joint least squares of codebooks whose codewords are summed, with the codes fixed: lowers
/// sum |x - sum_m c_m[code_m]|^2 over all codewords at once (methods of additive quantization:
/// Babenko and Lempitsky, CVPR 2014, section 3.3), by conjugate gradients on the normal equations
/// from the present codewords on, with the counts of the codewords as preconditioner. Codewords
/// without rows stay as they are, and of the many equally good solutions the one near the present
/// codebooks is found.
///
/// `x`: n x dim. `codes`: n x codebooks.size(), row by row. `codebooks`: count_m x dim each.
/// Returns the objectives, mean |x - sum|^2 per row, before the first and after each step; they
/// fall, but for rounding: about 1e-7 of themselves. Needs another 2 n * dim floats. Same bits at
/// any thread count. Throws Cancelled.
///
/// With `scales` it lowers sum |x - s * sum_m c_m[code_m]|^2, component by component: the rows of
/// `x` are scaled already, the codebooks are not.
std::vector<double> refitCodebooks(MatrixView x, std::span<const std::uint32_t> codes,
                                   std::span<Matrix> codebooks, const RefitParameters& parameters,
                                   const std::stop_token& stop, const RowScales& scales = {});

}  // namespace quantscope
