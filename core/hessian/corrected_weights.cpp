// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/corrected_weights.h"

#include <vector>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/hessian/cholesky.h"

namespace quantscope {

namespace {

constexpr Index rowsAtOnce = 8;

double meanDiagonal(std::span<const double> matrix, Index size) {
    double sum = 0.0;
    for (Index i = 0; i < size; ++i)
        sum += matrix[static_cast<std::size_t>(i * (size + 1))];
    return sum / static_cast<double>(size);
}

/// Solves L L^T x = b in place.
void solve(std::span<const double> lower, std::span<double> b) {
    const std::size_t n = b.size();
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k)
            b[i] -= lower[i * n + k] * b[k];
        b[i] /= lower[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
        b[i] /= lower[i * n + i];
        for (std::size_t k = 0; k < i; ++k)
            b[k] -= lower[i * n + k] * b[i];
    }
}

}  // namespace

Matrix correctedWeights(MatrixView weights, std::span<const double> hessian,
                        std::span<const double> crossProducts, double damping,
                        const std::stop_token& stop) {
    const Index n = weights.cols;
    const double added = damping * meanDiagonal(hessian, n);
    std::vector<double> lower(hessian.begin(), hessian.end());
    for (Index i = 0; i < n; ++i)
        lower[static_cast<std::size_t>(i * (n + 1))] += added;
    if (!choleskyInPlace(lower, n, 0.0, stop)) {
        throw Error("The Hessian of the inputs of the quantized model is singular.",
                    "Use more tokens, or a larger damping.");
    }
    Matrix corrected(weights.rows, n);
    parallelFor(weights.rows, rowsAtOnce, stop, [&](Index begin, Index end) {
        std::vector<double> row(static_cast<std::size_t>(n));
        for (Index r = begin; r < end; ++r) {
            for (Index j = 0; j < n; ++j)
                row[static_cast<std::size_t>(j)] = added * static_cast<double>(weights(r, j));
            for (Index k = 0; k < n; ++k) {
                const auto weight = static_cast<double>(weights(r, k));
                const std::span<const double> products =
                    crossProducts.subspan(static_cast<std::size_t>(k * n), row.size());
                for (std::size_t j = 0; j < row.size(); ++j)
                    row[j] += weight * products[j];
            }
            solve(lower, row);
            for (Index j = 0; j < n; ++j)
                corrected(r, j) = static_cast<float>(row[static_cast<std::size_t>(j)]);
        }
    });
    return corrected;
}

}  // namespace quantscope
