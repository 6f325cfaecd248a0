// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/tensor/tensor_source.h"

namespace quantscope {

/// The sum of x x^T over inputs x of a layer, in double precision, while the inputs come in.
class InputProducts {
public:
    explicit InputProducts(Index channels);

    /// Adds the rows of `inputs`; in parallel, with the same bits at any thread count. Throws
    /// Cancelled.
    void add(MatrixView inputs, const std::stop_token& stop);

    /// `factor` times the sum: channels x channels, row-major. Nothing can be added after it.
    std::vector<double> finish(double factor);

private:
    Index m_channels;
    std::vector<double> m_sums;  ///< On and above the diagonal.
};

/// The sum of x y^T over pairs of inputs, as InputProducts; not symmetric.
class CrossProducts {
public:
    explicit CrossProducts(Index channels);

    Index channels() const { return m_channels; }
    /// Adds x y^T for the rows of both.
    void add(MatrixView x, MatrixView y, const std::stop_token& stop);
    std::vector<double> finish(double factor);

private:
    Index m_channels;
    std::vector<double> m_sums;
};

/// H = (1/n) X^T X of n activations (rows of X) with C channels each, C x C row-major, summed in
/// double in the order of the rows: the same bits at any thread count. Throws Error when there are
/// no rows, and Cancelled.
std::vector<double> hessianOfActivations(const TensorSource& activations,
                                         const std::stop_token& stop);

}  // namespace quantscope
