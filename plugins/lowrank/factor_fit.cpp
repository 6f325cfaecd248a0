// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/lowrank/factor_fit.h"

#include <algorithm>

#include "core/kernels/leading_subspace.h"
#include "core/kernels/symmetric_eigen.h"

namespace quantscope::lowrank {

namespace {

// X H for `count` rows X.
std::vector<double> weighted(std::vector<double> x, Index count, const Hessian* hessian,
                             const std::stop_token& stop) {
    if (hessian == nullptr) return x;
    const Index cols = hessian->size;
    if (!hessian->full.empty())
        return parallelProduct(x, hessian->full, count, cols, cols, false, stop);
    for (Index k = 0; k < count; ++k) {
        for (Index c = 0; c < cols; ++c)
            x[static_cast<std::size_t>(k * cols + c)] *=
                hessian->diagonal[static_cast<std::size_t>(c)];
    }
    return x;
}

}  // namespace

std::vector<double> leadingOutputs(const Errors& errors, const Hessian* hessian, Index rank,
                                   const RunContext& context) {
    const std::stop_token& stop = context.stop();
    SymmetricOperator loss;
    loss.size = errors.rows;
    loss.rank = std::min(errors.rows, errors.cols);
    loss.times = [&](const std::vector<double>& rows, Index count) {
        std::vector<double> inputs =
            parallelProduct(rows, errors.values, count, errors.rows, errors.cols, false, stop);
        inputs = weighted(std::move(inputs), count, hessian, stop);
        return parallelProduct(inputs, errors.values, count, errors.cols, errors.rows, true, stop);
    };
    return leadingSubspace(loss, rank, context).vectors;
}

std::vector<double> bestRightFactor(const Errors& errors, const std::vector<double>& left,
                                    Index count, const std::stop_token& stop) {
    const std::vector<double> products =
        parallelProduct(left, errors.values, count, errors.rows, errors.cols, false, stop);
    const std::vector<double> gram =
        parallelProduct(left, left, count, errors.rows, count, true, stop);
    // The pseudo-inverse: columns that rounding has made alike share what they stand for.
    constexpr double leastShare = 1e-10;
    const SymmetricEigen eigen = symmetricEigen(gram, count);
    std::vector<double> inverse(gram.size());
    for (std::size_t k = 0; k < eigen.values.size(); ++k) {
        if (!(eigen.values[k] > leastShare * eigen.values.front())) break;
        const double* const vector = eigen.vectors.data() + k * eigen.values.size();
        for (std::size_t i = 0; i < inverse.size(); ++i) {
            inverse[i] +=
                vector[i / eigen.values.size()] * vector[i % eigen.values.size()] / eigen.values[k];
        }
    }
    return parallelProduct(inverse, products, count, count, errors.cols, false, stop);
}

}  // namespace quantscope::lowrank
