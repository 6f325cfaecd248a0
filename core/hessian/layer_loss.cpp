// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/layer_loss.h"

#include <numeric>

#include "core/kernels/product.h"

namespace quantscope {

double addedByDamping(const Hessian& hessian, double damping) {
    return damping * std::accumulate(hessian.diagonal.begin(), hessian.diagonal.end(), 0.0) /
           static_cast<double>(hessian.size);
}

std::vector<float> dampedHessian(const Hessian& hessian, double damping,
                                 std::span<const Index> order) {
    const Index n = hessian.size;
    const double added = addedByDamping(hessian, damping);
    std::vector<float> damped(static_cast<std::size_t>(n * n));
    for (Index i = 0; i < n; ++i) {
        const double* row = hessian.full.data() + order[static_cast<std::size_t>(i)] * n;
        float* out = damped.data() + i * n;
        for (Index j = 0; j < n; ++j)
            out[j] = static_cast<float>(row[order[static_cast<std::size_t>(j)]]);
        out[i] += static_cast<float>(added);
    }
    return damped;
}

std::vector<double> layerLosses(const Hessian& hessian, double added, MatrixView errors) {
    const Index n = hessian.size;
    const auto size = static_cast<std::size_t>(errors.rows * n);
    std::vector<double> values;
    values.reserve(size);
    for (Index r = 0; r < errors.rows; ++r)
        values.insert(values.end(), errors.row(r).begin(), errors.row(r).end());
    std::vector<double> products(size);
    addProduct(1.0, {values.data(), errors.rows, n, n, 1}, {hessian.full.data(), n, n, n, 1},
               products.data(), n);
    std::vector<double> losses(static_cast<std::size_t>(errors.rows));
    for (std::size_t r = 0, i = 0; r < losses.size(); ++r) {
        for (Index c = 0; c < n; ++c, ++i)
            losses[r] += values[i] * (products[i] + added * values[i]);
    }
    return losses;
}

}  // namespace quantscope
