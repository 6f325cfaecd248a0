// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/parameter.h"
#include "core/quant/row_vectors.h"
#include "plugins/additive/additive_training.h"

namespace quantscope::additive {

std::vector<ParameterSpec> additiveParameters();

/// The parameters of the method as plain values.
struct AdditiveSettings {
    Index books = 4;       ///< m.
    int bits = 8;          ///< Per code.
    Index dim = 8;         ///< Length of the vectors; 0 for whole rows.
    Index beam = 16;       ///< Of the search that codes start from.
    int rounds = 25;       ///< Of training all codebooks together.
    int search = 16;       ///< Rounds of local search for the codes of a vector.
    int iterations = 25;   ///< Of k-means, for each of the codebooks to start from.
    Index train = 131072;  ///< Vectors to train on at most; 0 for all.
    bool half = true;      ///< Codewords are binary16, else binary32.

    static AdditiveSettings from(const ParameterValues& values);

    Index codewords() const { return Index{1} << bits; }
    RowVectors layout(Index rows, Index cols) const { return {rows, cols, dim > 0 ? dim : cols}; }
    Index trainedVectors(const RowVectors& layout) const {
        return train > 0 ? std::min(train, layout.count()) : layout.count();
    }
    AdditiveParameters training() const;
};

/// Names of sections and codebooks.
inline constexpr const char* codesSection = "codes";
inline std::string codebookName(Index book) {
    return "codebook " + std::to_string(book + 1);
}
inline std::string codebookSection(Index book) {
    return "codebook/" + std::to_string(book + 1);
}

}  // namespace quantscope::additive
