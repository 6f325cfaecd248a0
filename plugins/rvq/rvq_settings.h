// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/kernels/residual_settings.h"
#include "core/quant/given_codebooks.h"

namespace quantscope::rvq {

std::vector<ParameterSpec> rvqParameters();

/// The parameters of the method as plain values; a part of the vectors is a group, and its
/// codebooks are the stages.
struct RvqSettings : ResidualSettings {
    int refits = 5;         ///< Rounds of joint least squares.
    bool weighted = false;  ///< Errors are weighted by the diagonal of the Hessian.

    static RvqSettings from(const ParameterValues& values);

    /// Extents of the codebooks for vectors of this layout.
    std::vector<CodebookSize> sizes(const RowVectors& layout) const;

    /// Why they cannot work with what is known of a tensor; empty if they can.
    std::string refuseSide(const RowVectors& layout, const SideInformation& side) const;
    /// Of the codebooks that are scaled for each block of columns, where errors are weighted.
    std::uint64_t scaledBytes(const RowVectors& layout) const;

    Index groups() const { return parts; }
    Index stages() const { return books() / parts; }
    std::string groupName(Index group) const { return "group " + std::to_string(group + 1); }
    /// "stage 2"; with several groups "group 1, stage 2".
    std::string codebookName(Index book) const;
    std::string codebookSection(Index book) const { return "codebook/" + codebookName(book); }

    ResidualParameters training() const { return ResidualSettings::training(refits); }
};

inline constexpr const char* codesSection = "codes";
/// In the header: what each codebook leaves (Codebook::residualEnergy).
inline constexpr const char* residualEnergyKey = "residual_energy";

}  // namespace quantscope::rvq
