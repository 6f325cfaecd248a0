// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/kernels/residual_settings.h"

namespace quantscope::rvq {

std::vector<ParameterSpec> rvqParameters();

/// The parameters of the method as plain values; a codebook is a stage.
struct RvqSettings : ResidualSettings {
    int refits = 5;  ///< Rounds of joint least squares.

    static RvqSettings from(const ParameterValues& values);

    ResidualParameters training() const { return ResidualSettings::training(refits); }
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
