// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/residual_training.h"
#include "core/quant/parameter.h"
#include "core/quant/row_vectors.h"

namespace quantscope::rvq {

std::vector<ParameterSpec> rvqParameters();

/// The parameters of the method as plain values.
struct RvqSettings {
    Index stages = 4;
    int bits = 8;          ///< Per stage.
    Index dim = 8;         ///< Length of the vectors; 0 for whole rows.
    Index beam = 5;        ///< Sequences of codes kept per vector.
    int refits = 5;        ///< Rounds of joint least squares.
    int iterations = 25;   ///< Of k-means, for each stage.
    Index train = 131072;  ///< Vectors to train on at most; 0 for all.
    bool half = true;      ///< Codewords are binary16, else binary32.

    static RvqSettings from(const ParameterValues& values);

    Index codewords() const { return Index{1} << bits; }
    RowVectors layout(Index rows, Index cols) const { return {rows, cols, dim > 0 ? dim : cols}; }
    Index trainedVectors(const RowVectors& layout) const {
        return train > 0 ? std::min(train, layout.count()) : layout.count();
    }
    ResidualParameters training() const;
};

/// Names of sections and codebooks.
inline constexpr const char* codesSection = "codes";
inline std::string codebookName(Index stage) {
    return "stage " + std::to_string(stage + 1);
}
inline std::string codebookSection(Index stage) {
    return "codebook/" + codebookName(stage);
}
/// In the header: what is left after each stage (Codebook::residualEnergy).
inline constexpr const char* residualEnergyKey = "residual_energy";

}  // namespace quantscope::rvq
