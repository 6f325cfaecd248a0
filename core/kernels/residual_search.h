// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/nearest.h"

namespace quantscope {

/// The products of the codewords of residual stages with each other, so that a beam search forms
/// the products of a vector with all codewords once and needs no distances in `dim` components for
/// each of its sequences: r.c = x.c - sum c'.c over the codewords c' of the sequence (as Babenko
/// and Lempitsky, "Additive quantization", CVPR 2014, section 3.2, do for one codebook at a time).
/// Sequences are ranked by |r|^2 of what they leave, computed from the differences, plus
/// |c|^2 - 2 r.c, which is exact to about 1e-7 |x - m| |c| for a point m near the mean of the first
/// codebook.
class StageProducts {
public:
    /// Throws Cancelled.
    StageProducts(std::span<const CodewordPanels> stages, const std::stop_token& stop);

    /// Whether they are faster than distances: vectors are long against the number of stages, and
    /// there is more than one sequence.
    static bool pay(std::span<const Index> codewords, Index beam, Index dim);
    /// Memory for them.
    static std::uint64_t bytes(std::span<const Index> codewords);

    /// As ResidualBeam: the best of the sequences (rows x stages codes) that a beam search of this
    /// width ends with. `x`: a few rows. Serial.
    void search(MatrixView x, Index beam, std::span<std::uint32_t> codes) const;

private:
    struct Stage {
        Matrix codewords;  ///< The first ones minus m_offset.
        std::vector<PanelRow> panels;
        std::vector<PanelRow> bias;    ///< |c|^2 / 2, infinite behind the last.
        std::vector<Matrix> products;  ///< 2 c'.c with each stage before, by rows c'.
    };

    std::vector<float> m_offset;  ///< Subtracted from vectors too.
    std::vector<Stage> m_stages;
};

/// Beam search for codes through all stages of a residual quantizer; by StageProducts where they
/// pay, else by ResidualBeam.
class ResidualSearch {
public:
    /// `stages` outlive the object. In parallel; throws Cancelled.
    ResidualSearch(std::span<const CodewordPanels> stages, Index beam, const std::stop_token& stop);
    /// The same without products, for many searches at once.
    static ResidualSearch withoutProducts(std::span<const CodewordPanels> stages, Index beam) {
        return {stages, beam};
    }

    /// The codes (rows x stages) found for the rows of `x`. Serial: callers take blocks of rows in
    /// parallel.
    void search(MatrixView x, std::span<std::uint32_t> codes) const;

    /// Multiply-adds for one vector, roughly.
    static double work(std::span<const Index> codewords, Index beam, Index dim);
    /// Memory that a search with such stages keeps.
    static std::uint64_t bytes(std::span<const Index> codewords, Index beam, Index dim);

private:
    ResidualSearch(std::span<const CodewordPanels> stages, Index beam)
        : m_stages(stages), m_beam(beam) {}

    std::span<const CodewordPanels> m_stages;
    Index m_beam;
    std::optional<StageProducts> m_products;
};

}  // namespace quantscope
