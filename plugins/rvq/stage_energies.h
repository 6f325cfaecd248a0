// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/quant/row_vectors.h"
#include "plugins/rvq/rvq_settings.h"

namespace quantscope::rvq {

/// What is left of the energy of vectors after each stage, summed up. `settings` outlives it.
class StageEnergies {
public:
    StageEnergies(const RvqSettings& settings, const RowVectors& layout)
        : m_settings(settings), m_layout(layout) {}

    /// How many figures add() adds up: for each group the energy of the vectors, and what is left
    /// of it after each stage.
    std::size_t count() const {
        return static_cast<std::size_t>(m_settings.groups() * (m_settings.stages() + 1));
    }
    /// Adds those of vectors firstVector ... (rows of `vectors`) with their codes; `books` are the
    /// codewords of all groups, one group's stages after the other's.
    void add(std::span<const MatrixView> books, Index firstVector, MatrixView vectors,
             std::span<const std::uint32_t> codes, std::span<double> sums) const;
    /// From the sums over all vectors: Codebook::residualEnergy of each codebook.
    std::vector<double> shares(std::span<const double> sums) const;

private:
    const RvqSettings& m_settings;
    RowVectors m_layout;
};

}  // namespace quantscope::rvq
