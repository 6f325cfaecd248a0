// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/nearest.h"
#include "core/quant/codeword_format.h"
#include "core/quant/run_context.h"

namespace quantscope {

struct ResidualParameters {
    std::vector<Index> codewords;  ///< Of the codebook of each stage.
    Index beam = 1;                ///< Sequences of codes kept per vector; 1 is greedy.
    int iterations = 25;           ///< Of k-means, at most.
    int refits = 0;                ///< Rounds of joint least squares at the end, at most.
};

struct ResidualCodebooks {
    std::vector<CodewordPanels> stages;
    double energy = 0.0;  ///< Mean |x|^2 per vector of the sample.
    /// Mean |x - sum|^2 per vector of the sample: when all stages are trained, then after each
    /// round of refitting. Falls; the last one belongs to `stages`.
    std::vector<double> objectives;
    /// KMeansResult::objectives of each stage.
    std::vector<std::vector<double>> stageObjectives;
};

/// Codebooks of a residual quantizer for the rows of `x`. Stage by stage: k-means of what the best
/// sequences leave of the rows, then a step of the beam search with the new codebook (see
/// ResidualBeam). Where codebooks are fine (at least 2^dim codewords, and 39 rows for each), rows
/// stand for any of their sequences at random, so that the next stage suits all of them.
/// From the second stage on, k-means goes through subspaces where progressiveKMeans() can. Then
/// rounds of: all codebooks by joint least squares (refitCodebooks), all codes by beam search; a
/// round that does not lower the error is taken back and ends it. Codewords are rounded as `format`
/// stores them before any code is chosen.
///
/// `x`: n x dim, at least as many rows as a codebook has codewords. Same bits at any thread count.
/// Random numbers come from parts of `context`, one for each stage; objectives are told as the
/// curves "stage 1" ... (k-means) and "all stages" (after training, then after each round), as
/// shares of the mean square of the rows. Throws Cancelled.
ResidualCodebooks trainResidualCodebooks(MatrixView x, const ResidualParameters& parameters,
                                         const CodewordFormat& format, const RunContext& context);

/// Multiply-adds of this training, roughly.
double residualTrainingWork(const ResidualParameters& parameters, Index rows, Index dim);
/// Multiply-adds of searching codes for one vector.
double residualSearchWork(const ResidualParameters& parameters, Index dim);

}  // namespace quantscope
