// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "core/hessian/feedback_factor.h"
#include "core/quant/code_grid.h"

namespace quantscope {

/// What coordinate descent needs of a layer: H' in the order of the steps, and for codes of several
/// channels the inverses of its blocks. Shared by all pieces of rows.
class DescentLayer {
public:
    /// Codes stand for `channelsPerCode` channels, of which several need the natural order. Throws
    /// Cancelled.
    DescentLayer(const Hessian& hessian, const FeedbackFactor& factor, Index channelsPerCode,
                 const std::stop_token& stop);

    Index size() const { return m_size; }
    Index step() const { return m_step; }
    Index channel(Index step) const { return m_order[static_cast<std::size_t>(step)]; }
    const float* row(Index j) const { return m_hessian.data() + j * m_size; }
    /// Of the block that begins at step `first`.
    const Matrix& inverse(Index first) const {
        return m_inverses[static_cast<std::size_t>(first / m_step)];
    }
    /// F with F F^T the same block.
    const Matrix& factor(Index first) const {
        return m_factors[static_cast<std::size_t>(first / m_step)];
    }
    /// At least the largest eigenvalue of that block.
    float bound(Index first) const { return m_bounds[static_cast<std::size_t>(first / m_step)]; }

private:
    void addBlock(Index first, const std::stop_token& stop);

    Index m_size;
    Index m_step;
    std::vector<Index> m_order;
    std::vector<float> m_hessian;
    std::vector<Matrix> m_inverses;
    std::vector<Matrix> m_factors;
    std::vector<float> m_bounds;
};

/// Coordinate descent over the layer loss tr(E H' E^T) of some rows: every code is chosen anew
/// given all others. For codes of one channel the best level is the one nearest to q + (E H')_j /
/// H'_jj (QuantEase, Behdin et al. 2023). For codes of several channels B the loss is least at q_B
/// + (E H')_B H'_BB^-1 and grows from there with the metric H'_BB: the code nearest to that point
/// in this metric is taken where the loss falls, as in the re-assignments of VQ4DiT (Deng et al.
/// 2024) and PV-Tuning. For grids that know plain distances only, every other pass aims at q_B +
/// (E H')_B / bound instead, where the nearest code cannot raise the loss.
class CodeDescent {
public:
    /// `weights` and `errors` = weights - values: channels x rows in the order of the steps. What
    /// is chosen in `rows` are the codes of these values. All outlive this.
    CodeDescent(const DescentLayer& layer, MatrixView weights, MatrixSpan errors, GridRows& rows)
        : m_layer(layer), m_weights(weights), m_errors(errors), m_grid(rows) {}

    /// Ends after `passes`, or when nothing moves. Keeps the errors up to date. Returns how much
    /// the loss fell. Throws Cancelled.
    double run(int passes, const std::stop_token& stop);

private:
    /// Where the code that begins at a step should go, against where it is.
    enum class Aim { Optimum, Bounded };

    bool runStrip(Index first, Index count, Aim aim);
    void chooseBlock(Index first, Index count, Aim aim, MatrixSpan change);
    void keepWhereBetter(Index first, MatrixSpan change);

    const DescentLayer& m_layer;
    MatrixView m_weights;
    MatrixSpan m_errors;
    GridRows& m_grid;
    Matrix m_gradient;  ///< (E H')^T
    double m_gain = 0.0;
    bool m_hasMetric = false;  ///< The grid searches in the metric that counts.
};

}  // namespace quantscope
