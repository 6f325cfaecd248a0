// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "core/base/random.h"
#include "core/quant/side_information.h"

// Hessians with known properties, and the layer loss written out.

namespace quantscope::test {

inline std::shared_ptr<Hessian> hessianFrom(std::vector<double> full) {
    auto hessian = std::make_shared<Hessian>();
    hessian->size = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(full.size()))));
    hessian->source = "test.h5:/hessian/x";
    for (Index j = 0; j < hessian->size; ++j)
        hessian->diagonal.push_back(full[static_cast<std::size_t>(j * (hessian->size + 1))]);
    hessian->full = std::move(full);
    return hessian;
}

/// H_ij = rho^|i-j|
inline std::shared_ptr<Hessian> autoregressive(Index size, double rho) {
    std::vector<double> full;
    for (Index i = 0; i < size; ++i) {
        for (Index j = 0; j < size; ++j)
            full.push_back(std::pow(rho, std::abs(static_cast<double>(i - j))));
    }
    return hessianFrom(std::move(full));
}

/// Of `count` inputs whose channels follow each other as AR(0.8), with lognormal scales.
inline std::shared_ptr<Hessian> sampledInputs(Index size, Index count, double logScale) {
    Random random(5);
    std::vector<double> scales;
    for (Index j = 0; j < size; ++j)
        scales.push_back(std::exp(logScale * random.normal()));
    std::vector<double> full(static_cast<std::size_t>(size * size));
    for (Index n = 0; n < count; ++n) {
        std::vector<double> x;
        double state = random.normal();
        for (const double scale : scales) {
            x.push_back(state * scale);
            state = 0.8 * state + 0.6 * random.normal();
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            for (std::size_t j = 0; j < x.size(); ++j)
                full[i * x.size() + j] += x[i] * x[j] / static_cast<double>(count);
        }
    }
    return hessianFrom(std::move(full));
}

/// With `damping` times the mean of its diagonal added to that.
inline std::shared_ptr<Hessian> damped(const Hessian& hessian, double damping) {
    double mean = 0.0;
    for (const double value : hessian.diagonal)
        mean += value / static_cast<double>(hessian.size);
    std::vector<double> full = hessian.full;
    for (Index j = 0; j < hessian.size; ++j)
        full[static_cast<std::size_t>(j * (hessian.size + 1))] += damping * mean;
    return hessianFrom(std::move(full));
}

inline std::shared_ptr<Hessian> diagonalOf(const Hessian& hessian) {
    auto diagonal = std::make_shared<Hessian>(hessian);
    diagonal->full.clear();
    return diagonal;
}

/// tr((X - Y) H (X - Y)^T), term by term; the squared error without H.
inline double lossBetween(MatrixView x, MatrixView y, const Hessian* hessian) {
    double sum = 0.0;
    for (Index r = 0; r < x.rows; ++r) {
        std::vector<double> error;
        for (Index c = 0; c < x.cols; ++c)
            error.push_back(static_cast<double>(x(r, c)) - static_cast<double>(y(r, c)));
        for (std::size_t i = 0; i < error.size(); ++i) {
            if (hessian == nullptr || hessian->full.empty()) {
                sum += error[i] * error[i] * (hessian != nullptr ? hessian->diagonal[i] : 1.0);
                continue;
            }
            for (std::size_t j = 0; j < error.size(); ++j)
                sum += error[i] * error[j] * hessian->full[i * error.size() + j];
        }
    }
    return sum;
}

}  // namespace quantscope::test
