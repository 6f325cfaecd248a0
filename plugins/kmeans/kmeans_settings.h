// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/kernels/kmeans.h"
#include "core/kernels/residual_settings.h"
#include "core/quant/given_codebooks.h"

namespace quantscope::kmeans {

std::vector<ParameterSpec> kmeansParameters();

/// Which codewords training starts from.
enum class Start {
    PlusPlus,  ///< k-means++.
    Random,    ///< Vectors of the sample, drawn evenly.
    Given,     ///< The codewords of a file.
};

/// The parameters of the method as plain values; a residual quantizer of one stage has the same
/// layout.
struct KmeansSettings : ResidualSettings {
    Start start = Start::PlusPlus;
    Revival revival = Revival::Empty;
    CodebookUpdate update = CodebookUpdate::Means;
    Assignment assignment = Assignment::Nearest;
    int passes = 0;         ///< Over all vectors, after those on the sample.
    bool weighted = false;  ///< Errors are weighted by the diagonal of the Hessian.

    static KmeansSettings from(const ParameterValues& values);

    KMeansParameters training() const {
        return {.count = codewords(),
                .iterations = iterations,
                .revival = revival,
                .update = update,
                .assignment = assignment};
    }
    /// Why they cannot work with what is known of a tensor; empty if they can.
    std::string refuseSide(const RowVectors& layout, const SideInformation& side) const;
    /// Judges a tensor.
    Preflight preflight(Index rows, Index cols, const SideInformation& side) const;
};

/// Names of sections and of the codebook.
inline constexpr const char* codesSection = "codes";
inline constexpr const char* codebookName = "codebook";
inline std::string codebookSection(Index /*book*/) {
    return "codebook/codewords";
}

}  // namespace quantscope::kmeans
