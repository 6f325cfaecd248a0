// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Gives rows to their nearest centroids again and again while the centroids move, as Lloyd's
/// iterations do, and leaves out distances that cannot matter. Centroids that lie together form
/// groups; each row keeps a lower bound of its distance from every group, which falls by as much as
/// the group has moved (the idea of Ding et al., "Yinyang k-means", ICML 2015, with groups that
/// fill the registers of the search and are searched whole). Where too few distances can be left
/// out, as in the first iterations, they are all computed.
///
/// The codes are those of assignRows, but for centroids whose distances are equal to rounding.
class PrunedAssignment {
public:
    /// `x`: n x dim, kept by the caller. Bounds take up to n * dim / 2 floats once they are used.
    PrunedAssignment(MatrixView x, Index count);

    /// `centroids`: count x dim; `codes`: n, of this call. Throws Cancelled, after which the object
    /// is of no more use.
    void assign(MatrixView centroids, std::span<std::uint32_t> codes, const std::stop_token& stop);

    /// Share of the distances that the last call computed.
    double computedShare() const { return m_computedShare; }

private:
    void assignAll(MatrixView centroids, std::span<std::uint32_t> codes,
                   const std::stop_token& stop);
    void beginPruning(MatrixView centroids, std::span<const std::uint32_t> codes,
                      const std::stop_token& stop);
    void addDrift(const Matrix& moved);
    void assignByBounds(const Matrix& grouped, std::span<std::uint32_t> codes,
                        const std::stop_token& stop);
    Matrix grouped(MatrixView centroids) const;

    MatrixView m_x;
    Index m_groupCodewords;  ///< A multiple of the panel width.
    Index m_groupCount;
    int m_callsUntilPruning = 0;  ///< Calls that compute everything, before bounds are tried.
    int m_pause = 2;              ///< How many of those follow when bounds do not help.
    bool m_pruning = false;
    std::vector<std::uint32_t> m_order;  ///< Centroids in the order of groups.
    std::vector<std::uint32_t> m_codes;  ///< Of the rows, in the order of groups.
    Matrix m_previous;                   ///< Centroids of the last call, in the order of groups.
    std::vector<float> m_drifts;  ///< How far each group has moved in all since pruning began.
    std::vector<float> m_bounds;  ///< Per chunk of rows and group: distance + drift then.
    double m_computedShare = 1.0;
};

}  // namespace quantscope
