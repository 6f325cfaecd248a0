// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/nearest.h"

namespace quantscope {

/// Beam search through the stages of a residual quantizer, where a vector x is approximated by the
/// sum of one codeword of every stage. After each stage every vector keeps the sequences of codes
/// with the least |x - sum|^2 (Babenko and Lempitsky, "Additive quantization", CVPR 2014, section
/// 3.2, with one codebook tried at a time). Serial: callers take blocks of rows in parallel.
class ResidualBeam {
public:
    /// No stages yet: one empty sequence for every row of `x`, which is copied.
    explicit ResidualBeam(MatrixView x);
    /// Takes up a search after some stages: `sequences` as sequences() gave them for these rows.
    ResidualBeam(MatrixView x, std::span<const CodewordPanels> stages,
                 std::span<const std::uint32_t> sequences);

    Index stages() const { return m_stages; }
    /// Sequences per row of `x`.
    Index width() const { return m_width; }

    /// Appends a code of `stage` to the sequences; the best `keep` of all continuations stay, or
    /// all if they are fewer. Of equal ones those of the better sequence, then of the lower code.
    void extend(const CodewordPanels& stage, Index keep);

    /// Rows x width() x stages() codes; the sequences of a row from the best to the worst.
    std::span<const std::uint32_t> sequences() const { return m_sequences; }
    /// Rows x stages() codes: the best sequence of each row.
    void bestCodes(std::span<std::uint32_t> codes) const;
    /// What a sequence of a row leaves of it; the best one has rank 0.
    std::span<const float> residual(Index row, Index rank) const {
        return m_residuals.view().row(row * m_width + rank);
    }

private:
    void extendGreedily(const CodewordPanels& stage);

    Index m_rows;
    Index m_stages = 0;
    Index m_width = 1;
    Matrix m_residuals;                      // rows * width x dim
    std::vector<std::uint32_t> m_sequences;  // rows x width x stages
};

/// Width of the beam after `stage` stages with these codebooks, at most `beam`.
Index beamWidth(std::span<const CodewordPanels> stages, Index stage, Index beam);

}  // namespace quantscope
