// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/kernels/residual_settings.h"
#include "plugins/additive/additive_training.h"

namespace quantscope::additive {

std::vector<ParameterSpec> additiveParameters();

/// The parameters of the method as plain values; `beam` and `iterations` are of the codes and the
/// codebooks to start from.
struct AdditiveSettings : ResidualSettings {
    int rounds = 25;  ///< Of training all codebooks together.
    int search = 16;  ///< Rounds of local search for the codes of a vector.

    static AdditiveSettings from(const ParameterValues& values);

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
