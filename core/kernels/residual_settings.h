// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "core/kernels/residual_training.h"
#include "core/quant/parameter.h"
#include "core/quant/quantizer.h"
#include "core/quant/row_vectors.h"
#include "core/quant/summed_codes.h"

namespace quantscope {

/// Parameters of methods that code the vectors of a tensor as sums of codewords and start from
/// residual codebooks.
struct ResidualSettings {
    Index books = 4;       ///< Codebooks, each with a code per vector.
    int bits = 8;          ///< Per code.
    Index dim = 8;         ///< Length of the vectors; 0 for whole rows.
    Index beam = 5;        ///< Sequences of codes kept per vector.
    int iterations = 25;   ///< Of k-means, for each codebook.
    Index train = 131072;  ///< Vectors to train on at most; 0 for all.
    bool half = true;      ///< Codewords are binary16, else binary32.

    /// Reads the parameters of training_sample.h, "beam", "precision", and the number of codebooks,
    /// whose name differs.
    static ResidualSettings from(const ParameterValues& values, const std::string& booksParameter);

    Index codewords() const { return Index{1} << bits; }
    RowVectors layout(Index rows, Index cols) const { return {rows, cols, dim > 0 ? dim : cols}; }
    Index trainedVectors(const RowVectors& layout) const {
        return train > 0 ? std::min(train, layout.count()) : layout.count();
    }
    ResidualParameters training(int refits) const;

    /// Judges a tensor; all of Preflight but the work.
    Preflight preflight(Index rows, Index cols) const;

    /// Names the section of a codebook.
    using SectionName = std::function<std::string(Index book)>;
    /// Adds the codebooks to `encoded`, and their exponent.
    void store(const std::vector<CodewordPanels>& codebooks, int exponent, const SectionName& name,
               EncodedTensor& encoded) const;
    /// What store() added, with the codes in the section `codes`, which `encoded` keeps. Throws
    /// Error when they are damaged.
    SummedCodes load(const EncodedTensor& encoded, const std::string& codes,
                     const SectionName& name) const;
};

}  // namespace quantscope
