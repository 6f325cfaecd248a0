// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/kernels/panels.h"

namespace quantscope {

struct SearchSpace;

/// A codeword as the choice for a row of a group of query rows.
struct CodewordMatch {
    float squaredDistance = 0.0F;
    std::uint32_t row = 0;  ///< Within its group.
    std::uint32_t codeword = 0;

    bool operator==(const CodewordMatch&) const = default;
};

/// Codewords packed for nearest-neighbour search in squared Euclidean distance: brute force with
/// the distances kept in registers, best instruction set chosen at run time. Calls are serial;
/// callers run them on blocks of rows in parallel.
///
/// For dim > 2 codewords are ranked by |c|^2 / 2 - x.c about a point near the codewords' mean,
/// which costs one multiply-add per component and is exact to about 1e-7 of |x - mean|^2; up to two
/// dimensions, where codebooks are fine enough for that to matter, by (x - c)^2 itself. Equal
/// distances go to the lowest index, on every instruction set. A row that is not finite gets some
/// valid codeword.
class CodewordPanels {
public:
    /// `codewords`: count x dim, both at least 1. Copied. Throws Cancelled.
    explicit CodewordPanels(MatrixView codewords, const std::stop_token& stop = {});

    Index count() const { return m_codewords.rows(); }
    Index dim() const { return m_codewords.cols(); }
    MatrixView codewords() const { return m_codewords.view(); }

    /// For every row of `x` (n x dim) the index of the nearest codeword. `squaredDistances`, unless
    /// empty, receives |x - c|^2, computed from the differences.
    void nearest(MatrixView x, std::span<std::uint32_t> codes,
                 std::span<float> squaredDistances = {}) const;

    /// For every group of `groupRows` consecutive rows of `x` the nearest pairs (row of the group,
    /// codeword), nearest first; ties by row, then codeword. `best` holds the pairs of one group
    /// after those of the other, equally many for each, at most groupRows * count(). groupRows
    /// divides x.rows. What a step of a beam search needs.
    void nearestPairs(MatrixView x, Index groupRows, std::span<CodewordMatch> best) const;

    /// For other kernels (core/kernels/nearest_inl.h); valid as long as this object.
    SearchSpace searchSpace() const;

private:
    Matrix m_codewords;
    std::vector<float> m_offset;     ///< dim values: about the codewords' mean, or 0.
    std::vector<PanelRow> m_panels;  ///< Codewords minus offset.
    std::vector<PanelRow>
        m_bias;  ///< One row per panel: |c|^2 / 2, or 0; infinite behind the last.
};

/// CodewordPanels::nearest for all rows of `x`, in parallel. Throws Cancelled.
void assignRows(const CodewordPanels& codewords, MatrixView x, std::span<std::uint32_t> codes,
                const std::stop_token& stop);

}  // namespace quantscope
