// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/scaled_search.h"
#include "core/quant/codeword_format.h"
#include "core/quant/run_context.h"

namespace quantscope {

struct RefinementParameters {
    Index beam = 1;              ///< Sequences of codes kept per vector.
    int rounds = 5;              ///< At most so many.
    double relativeGain = 1e-5;  ///< Ends when a round lowers the error by less than this share.
};

struct RefinedCodebooks {
    std::vector<Matrix> books;  ///< Rounded as they are stored.
    /// Mean scaled |x - sum|^2 per vector: as given, then after each round. Falls; the last one
    /// belongs to `books`.
    std::vector<double> objectives;
};

/// Fine-tunes codebooks whose codewords are summed on the rows of `x` (n x dim), whose numbers in
/// the tensor are `numbers`: in turn all codewords by joint least squares (refitCodebooks) and all
/// codes by beam search, both by the error scaled with `scales`. A round that does not lower it is
/// taken back and ends it, so that the result is never worse than `books` as `format` stores them;
/// with no rounds it is them.
///
/// Same bits at any thread count. Tells the objectives, as shares of the scaled energy of the rows,
/// to `context`, and the rounds as progress. Throws Cancelled.
RefinedCodebooks refineCodebooks(MatrixView x, std::span<const Index> numbers,
                                 std::vector<Matrix> books, const BlockScales& scales,
                                 const RefinementParameters& parameters,
                                 const CodewordFormat& format, const RunContext& context);

}  // namespace quantscope
