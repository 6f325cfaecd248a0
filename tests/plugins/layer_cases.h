// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "core/hessian/hessian_form.h"
#include "core/quant/side_information.h"
#include "tests/plugins/method_bench.h"

namespace quantscope::test {

inline std::shared_ptr<Hessian> hessianOf(std::vector<double> full) {
    auto hessian = std::make_shared<Hessian>();
    hessian->size = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(full.size()))));
    hessian->source = "test.h5:/hessian/x";
    for (Index j = 0; j < hessian->size; ++j)
        hessian->diagonal.push_back(full[static_cast<std::size_t>(j * (hessian->size + 1))]);
    hessian->full = std::move(full);
    return hessian;
}

// H_ij = rho^|i-j|
inline std::shared_ptr<Hessian> autoregressive(Index size, double rho) {
    std::vector<double> full;
    for (Index i = 0; i < size; ++i) {
        for (Index j = 0; j < size; ++j)
            full.push_back(std::pow(rho, std::abs(static_cast<double>(i - j))));
    }
    return hessianOf(std::move(full));
}

// Of 4 size inputs whose channels follow each other as AR(0.8), with lognormal scales.
inline std::shared_ptr<Hessian> sampled(Index size, double logScale) {
    Random random(5);
    std::vector<double> scales;
    for (Index j = 0; j < size; ++j)
        scales.push_back(std::exp(logScale * random.normal()));
    std::vector<double> full(static_cast<std::size_t>(size * size));
    const Index count = 4 * size;
    for (Index n = 0; n < count; ++n) {
        std::vector<double> x;
        double state = random.normal();
        for (Index j = 0; j < size; ++j) {
            x.push_back(state * scales[static_cast<std::size_t>(j)]);
            state = 0.8 * state + 0.6 * random.normal();
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            for (std::size_t j = 0; j < x.size(); ++j)
                full[i * x.size() + j] += x[i] * x[j] / static_cast<double>(count);
        }
    }
    return hessianOf(std::move(full));
}

inline std::shared_ptr<Hessian> damped(const Hessian& hessian, double damping) {
    double mean = 0.0;
    for (const double value : hessian.diagonal)
        mean += value / static_cast<double>(hessian.size);
    std::vector<double> full = hessian.full;
    for (Index j = 0; j < hessian.size; ++j)
        full[static_cast<std::size_t>(j * (hessian.size + 1))] += damping * mean;
    return hessianOf(std::move(full));
}

// tr(E H E^T)
inline double lossOf(MatrixView weights, const QuantizedTensor& tensor,
                     const std::shared_ptr<const Hessian>& hessian) {
    Matrix errors = decoded(tensor);
    for (Index r = 0; r < errors.rows(); ++r) {
        for (Index c = 0; c < errors.cols(); ++c)
            errors(r, c) = weights(r, c) - errors(r, c);
    }
    return HessianForm(hessian, errors.cols()).of(errors.view());
}

}  // namespace quantscope::test
