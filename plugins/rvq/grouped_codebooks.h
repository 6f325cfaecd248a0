// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/kernels/nearest.h"
#include "core/kernels/residual_search.h"
#include "core/kernels/scaled_search.h"
#include "core/quant/run_context.h"
#include "core/quant/side_information.h"
#include "core/quant/training_sample.h"
#include "plugins/rvq/rvq_settings.h"

namespace quantscope::rvq {

/// The codebooks of all groups, one group's stages after the other's, and what is done with them.
/// `settings` outlives it.
class GroupedCodebooks {
public:
    GroupedCodebooks(const RvqSettings& settings, const RowVectors& layout)
        : m_settings(settings), m_layout(layout), m_dim(layout.dim / settings.groups()) {}
    // Searches refer to its scales.
    GroupedCodebooks(const GroupedCodebooks&) = delete;
    GroupedCodebooks& operator=(const GroupedCodebooks&) = delete;

    /// Trains them, or takes and refines those that are given; `share` of the progress of `context`
    /// belongs to it. Throws Error when something that the settings need is missing in `side`.
    void train(const TrainingSample& sample, const SideInformation& side,
               const CodewordFormat& format, double share, const RunContext& context);

    const std::vector<CodewordPanels>& books() const { return m_books; }
    /// Of the columns of each group, where errors are weighted.
    const std::vector<BlockScales>& scales() const { return m_scales; }

    /// Writes the codes of vectors firstVector ... (rows of `vectors`). Serial.
    void encode(Index firstVector, MatrixView vectors, std::span<std::uint32_t> codes) const;

private:
    std::vector<Matrix> trainGroup(Index group, MatrixView x, std::span<const Index> numbers,
                                   std::vector<Matrix> given, const CodewordFormat& format,
                                   const RunContext& context) const;
    void search(Index group, Index firstVector, MatrixView x, std::span<std::uint32_t> codes) const;
    MatrixView ofGroup(MatrixView vectors, Index group) const {
        return vectors.middleCols(group * m_dim, m_dim);
    }
    std::span<const CodewordPanels> stagesOf(Index group) const;

    const RvqSettings& m_settings;
    RowVectors m_layout;
    Index m_dim;                        // Of the vectors of a group.
    std::vector<BlockScales> m_scales;  // Of each group, where errors are weighted.
    std::vector<CodewordPanels> m_books;
    std::vector<ResidualSearch> m_plain;   // Of each group, where they are not.
    std::vector<ScaledSearch> m_weighted;  // Of each group, where they are.
};

}  // namespace quantscope::rvq
