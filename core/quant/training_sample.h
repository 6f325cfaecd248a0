// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"
#include "core/quant/row_vectors.h"
#include "core/quant/run_context.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Vectors of a tensor to train codebooks on, at a scale at which squares neither overflow nor
/// vanish.
struct TrainingSample {
    Matrix vectors;  ///< count x dim, in the order of the tensor, times 2^-exponent.
    /// Their numbers in the tensor, ascending; empty when all of them are there.
    std::vector<Index> numbers = {};
    int exponent = 0;  ///< The largest magnitude of the tensor is in [2^exponent, 2^(exponent+1)).

    /// `numbers`, written out also when all are there.
    std::vector<Index> allNumbers() const;
};

/// Parameters that methods with trained codebooks share; `help` says what a method means by one.
ParameterSpec codeBitsParameter(std::string help, int most);  ///< "bits"
ParameterSpec vectorLengthParameter();                        ///< "dim"; 0 takes whole rows.
/// "iterations", of k-means, at least `least`.
ParameterSpec trainingIterationsParameter(std::string help, int least = 1);
/// "train": how many `items` to train on; 0 for all. `from` says of which they are drawn.
ParameterSpec trainingCountParameter(const std::string& items = "vectors",
                                     const std::string& from = "of more,");

/// Reads the whole tensor once, block by block, and keeps `count` of its vectors: all of them, or
/// that many drawn at random without replacement (context.random(0)). Throws Error for values that
/// are not finite, or Cancelled.
TrainingSample drawTrainingSample(const TensorSource& weights, const RowVectors& layout,
                                  Index count, const RunContext& context);

/// The codebooks that a method trains, for judging their size.
struct CodebookDemand {
    int codebooks = 1;
    int bits = 8;                    ///< 2^bits codewords each, or ...
    bool areEqual = true;            ///< ... only the largest of them.
    Index vectors = 0;               ///< That the tensor has for each codebook.
    Index trainedOn = 0;             ///< That each codebook is trained on.
    std::string parameter = "bits";  ///< By which the user chooses their sizes.
};

/// Why the codebooks cannot be trained, with a way out; empty if they can.
std::string refuseTraining(const CodebookDemand& demand);

/// What the user should know of the training: too few vectors (k-means wants about 39 per codeword,
/// as Faiss advises), or a sample instead of all.
std::vector<std::string> trainingWarnings(const CodebookDemand& demand);

}  // namespace quantscope
