// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/layer_loss.h"

#include <algorithm>
#include <numeric>

#include "core/base/parallel.h"
#include "core/base/squared_norm.h"
#include "core/hessian/hessian_form.h"
#include "core/hessian/stoppable_product.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

double layerLoss(MatrixView errors, const std::shared_ptr<const Hessian>& hessian,
                 const std::stop_token& stop) {
    std::unique_ptr<const HessianForm> form;
    if (hessian) form = std::make_unique<const HessianForm>(hessian, errors.cols);
    // Rows that share a pass over a full Hessian, or else what is worth a task of its own.
    const Index rowsAtOnce =
        form && hessian->isFull() ? form->preferredRows() : blockRows(errors.cols);
    return parallelReduce(
        errors.rows, rowsAtOnce, stop, 0.0,
        [&](Index begin, Index end) {
            if (form) return form->of(errors.middleRows(begin, end - begin), stop);
            double sum = 0.0;
            for (Index r = begin; r < end; ++r)
                sum += squaredNorm(errors.row(r));
            return sum;
        },
        [](double& total, double part) { total += part; });
}

double addedByDamping(const Hessian& hessian, double damping) {
    return damping * std::accumulate(hessian.diagonal.begin(), hessian.diagonal.end(), 0.0) /
           static_cast<double>(hessian.size);
}

std::vector<float> dampedHessian(const Hessian& hessian, double damping,
                                 std::span<const Index> order, const std::stop_token& stop) {
    constexpr Index rowsAtOnce = 32;
    const Index n = hessian.size;
    const double added = addedByDamping(hessian, damping);
    std::vector<float> damped(static_cast<std::size_t>(n * n));
    parallelFor(n, rowsAtOnce, stop, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) {
            const double* row = hessian.full.data() + order[static_cast<std::size_t>(i)] * n;
            float* out = damped.data() + i * n;
            for (Index j = 0; j < n; ++j)
                out[j] = static_cast<float>(row[order[static_cast<std::size_t>(j)]]);
            out[i] += static_cast<float>(added);
        }
    });
    return damped;
}

std::vector<double> layerLosses(const Hessian& hessian, double added, MatrixView errors,
                                const std::stop_token& stop) {
    const Index n = hessian.size;
    const auto size = static_cast<std::size_t>(errors.rows * n);
    std::vector<double> values;
    values.reserve(size);
    for (Index r = 0; r < errors.rows; ++r)
        values.insert(values.end(), errors.row(r).begin(), errors.row(r).end());
    std::vector<double> products(size);
    addProductUntilStopped<double>(1.0, {values.data(), errors.rows, n, n, 1},
                                   {hessian.full.data(), n, n, n, 1}, products.data(), n, stop);
    std::vector<double> losses(static_cast<std::size_t>(errors.rows));
    for (std::size_t r = 0, i = 0; r < losses.size(); ++r) {
        for (Index c = 0; c < n; ++c, ++i)
            losses[r] += values[i] * (products[i] + added * values[i]);
    }
    return losses;
}

}  // namespace quantscope
