// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// A codebook of an encoded tensor and how often its codewords are used; counts are exact, over all
/// codes. A scalar quantizer reports its integer codes as one codebook.
struct Codebook {
    std::string name;                   ///< "slice 3", "stage 1", "levels".
    Index dim = 1;                      ///< Length of a codeword.
    std::vector<std::uint64_t> counts;  ///< One per codeword.
    /// Codewords, counts.size() x dim, row-major; empty where a code has no fixed value (scaled
    /// grids).
    std::vector<float> codewords;
    /// Of codebooks whose codewords are summed stage by stage: what is left of the vectors (of the
    /// part of them that it codes) after this stage, sum |x - sum so far|^2 over sum |x|^2, over
    /// all vectors of the tensor.
    std::optional<double> residualEnergy = {};
    /// Of codebooks of slices of rows, from the rows they were trained on: the share of the rows'
    /// variance that lies in the slice, and, where rows are rotated before they are cut, that would
    /// lie in it without.
    std::optional<double> varianceShare = {};
    std::optional<double> unrotatedShare = {};
};

/// How the codes of a tensor refer to its codebooks, where codewords are all there is to the
/// values: every row has vectorsPerRow vectors from left to right (what the last one has beyond the
/// row is dropped), every vector one code for each entry of `bits`. Code i is of codebook i, or of
/// the only one. A vector is made of `parts` one after the other, each of them the sum of the
/// codewords of as many codes in a row: with 1 part it is the sum of all, and with as many parts as
/// codes it is all of them side by side.
struct CodeShape {
    Index vectorsPerRow = 0;
    std::vector<int> bits;  ///< Widths of the codes of a vector.
    Index parts = 1;        ///< Divides the number of codes.
    /// Where rows were rotated before they were coded, columns x coded columns with orthonormal
    /// columns: the values are the coded rows times its transpose. Otherwise empty.
    Matrix rotation = {};

    Index codesPerVector() const { return static_cast<Index>(bits.size()); }
};

/// Health figures of a codebook. With p_k the share of codeword k and K the number of codewords:
struct CodebookUsage {
    std::uint64_t used = 0;    ///< Codewords with a count above 0.
    std::uint64_t dead = 0;    ///< K - used.
    double utilization = 0.0;  ///< used / K.
    double entropyBits = 0.0;  ///< H = -sum p_k log2 p_k, bits per code.
    double perplexity = 0.0;   ///< 2^H; K when all codewords are used equally.
};
CodebookUsage codebookUsage(const Codebook& codebook);

}  // namespace quantscope
