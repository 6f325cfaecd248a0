// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

struct BalanceParameters {
    /// Of the entropic regularization, as a share of what the caller says squared distances are
    /// like: the lower, the nearer to the cheapest balanced assignment, and the more rounds it
    /// takes.
    double temperature = 0.1;
    int rounds = 10;  ///< Of scaling rows and columns, at most, for each assignment.
    /// Rounds end when no codeword's share is further from the mean than this part of it.
    double tolerance = 0.02;
};

/// Gives rows to codewords such that all codewords get about equally many, at little more distance
/// than to the nearest: optimal transport with entropic regularization (Cuturi, "Sinkhorn
/// distances", NIPS 2013; balanced codes: Zhan et al., "RepCONC", WSDM 2022). Row i is spread over
/// the codewords as softmax_k((p_k - |x_i - c_k|^2) / eps) with prices p_k that make the shares of
/// all codewords equal; its code is the codeword with the largest share. Prices are kept from one
/// assignment to the next, so that few rounds suffice while codewords move little.
class BalancedAssignment {
public:
    explicit BalancedAssignment(Index codewords, const BalanceParameters& parameters = {})
        : m_parameters(parameters), m_prices(static_cast<std::size_t>(codewords)) {}

    /// Writes a code for every row of `x` (n x dim); `centroids`: codewords x dim.
    /// `squaredDistance`
    /// (> 0) is what distances are like: the mean one from the nearest codewords, for example.
    /// Takes up to rounds + 1 times the work of comparing all rows with all codewords. Same bits at
    /// any thread count. Throws Cancelled.
    void assign(MatrixView x, MatrixView centroids, double squaredDistance,
                std::span<std::uint32_t> codes, const std::stop_token& stop);

private:
    BalanceParameters m_parameters;
    std::vector<double> m_prices;
};

}  // namespace quantscope
