// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/residual_training.h"
#include "core/quant/parameter.h"
#include "core/quant/quantizer.h"
#include "core/quant/row_vectors.h"
#include "core/quant/summed_codes.h"

namespace quantscope {

/// Parameters of methods that code the vectors of a tensor as sums of codewords and start from
/// residual codebooks.
struct ResidualSettings {
    CodeWidths widths = {4, 8};  ///< Of the codes of a vector, one for each codebook.
    /// A vector is cut into so many equal parts, with as many of the codebooks each, one part after
    /// the other; all parts have codebooks of the same sizes.
    Index parts = 1;
    Index dim = 8;         ///< Length of the vectors; 0 for whole rows.
    Index beam = 5;        ///< Sequences of codes kept per vector.
    int iterations = 25;   ///< Of k-means, for each codebook.
    Index train = 131072;  ///< Vectors to train on at most; 0 for all.
    bool half = true;      ///< Codewords are binary16, else binary32.
    bool seeded = true;    ///< Codebooks come from k-means, for which there must be vectors enough.
    std::string bitsParameter = "bits";  ///< By which the widths were chosen.

    /// Reads the parameters of training_sample.h, "beam", "precision", and the number of codebooks,
    /// whose name differs.
    static ResidualSettings from(const ParameterValues& values, const std::string& booksParameter);

    Index books() const { return widths.codes(); }
    Index codewords(Index book = 0) const {
        return Index{1} << widths.bits()[static_cast<std::size_t>(book)];
    }
    Index codewordsInAll() const;
    RowVectors layout(Index rows, Index cols) const { return {rows, cols, dim > 0 ? dim : cols}; }
    Index trainedVectors(const RowVectors& layout) const {
        return train > 0 ? std::min(train, layout.count()) : layout.count();
    }
    /// Of the codebooks of one part.
    ResidualParameters training(int refits) const;

    /// Judges a tensor; all of Preflight but the work.
    Preflight preflight(Index rows, Index cols) const;

    /// Why vectors cannot be cut into the parts; empty if they can.
    std::string refuseParts(const RowVectors& vectors) const;

    /// Names the section of a codebook.
    using SectionName = std::function<std::string(Index book)>;
    /// Adds the codebooks to `encoded`, and their exponent.
    void store(const std::vector<CodewordPanels>& codebooks, int exponent, const SectionName& name,
               EncodedTensor& encoded) const;
    void store(std::span<const MatrixView> codebooks, int exponent, const SectionName& name,
               EncodedTensor& encoded) const;
    /// What store() added, with the codes in the section `codes`, which `encoded` keeps. Throws
    /// Error when they are damaged.
    SummedCodes load(const EncodedTensor& encoded, const std::string& codes,
                     const SectionName& name) const;
};

}  // namespace quantscope
