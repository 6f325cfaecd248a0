// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/feedback_factor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <span>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/hessian/cholesky.h"

namespace quantscope {

namespace {

// Smaller pivots, relative to the mean of the diagonal, are rounding errors of a singular matrix.
constexpr double leastPivot = 1e-9;
constexpr double leastDamping = 1e-4;
constexpr double mostDamping = 10.0;
constexpr Index tile = 32;

std::vector<Index> orderOf(const Hessian& hessian, ColumnOrder order) {
    std::vector<Index> result(static_cast<std::size_t>(hessian.size));
    std::iota(result.begin(), result.end(), Index{0});
    const auto diagonal = [&](Index j) { return hessian.diagonal[static_cast<std::size_t>(j)]; };
    if (order == ColumnOrder::Descending) {
        std::ranges::stable_sort(result, std::greater(), diagonal);
    } else if (order == ColumnOrder::Ascending) {
        std::ranges::stable_sort(result, std::less(), diagonal);
    }
    return result;
}

// H' with rows and columns in the order of the steps, last step first: its lower Cholesky factor is
// then the upper factor that is wanted, turned around. Only the lower triangle is filled.
std::unique_ptr<double[]> reversed(const Hessian& hessian, const FeedbackFactor& factor,
                                   double added, const std::stop_token& stop) {
    const Index n = factor.size;
    auto a = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(n * n));
    parallelFor(n, tile, stop, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) {
            const Index row = factor.order[static_cast<std::size_t>(n - 1 - i)];
            const double* source = hessian.full.data() + row * n;
            for (Index j = 0; j <= i; ++j)
                a[static_cast<std::size_t>(i * n + j)] =
                    source[factor.order[static_cast<std::size_t>(n - 1 - j)]];
            double& diagonal = a[static_cast<std::size_t>(i * n + i)];
            // A dead channel stands alone; with its diagonal 0 it would spoil the factor.
            if (!(diagonal > 0.0)) diagonal = added > 0.0 ? 0.0 : 1.0;
            diagonal += added;
        }
    });
    return a;
}

void readFactor(std::span<const double> lower, FeedbackFactor& factor,
                const std::stop_token& stop) {
    const Index n = factor.size;
    factor.coefficients.assign(static_cast<std::size_t>(n * n), 0.0F);
    factor.pivots.resize(static_cast<std::size_t>(n));
    std::vector<double> perRoot(static_cast<std::size_t>(n));
    for (Index j = 0; j < n; ++j) {
        const double root = lower[static_cast<std::size_t>((n - 1 - j) * (n + 1))];
        factor.pivots[static_cast<std::size_t>(j)] = root * root;
        perRoot[static_cast<std::size_t>(j)] = 1.0 / root;
    }
    // A transposition, tile by tile: written row by row, it would miss the cache at every value.
    parallelFor(n, tile, stop, [&](Index begin, Index end) {
        std::array<float, tile * tile> turned;
        for (Index first = 0; first < end; first += tile) {
            const Index last = std::min(first + tile, end);
            for (Index k = first; k < last; ++k) {
                const double* row = lower.data() + (n - 1 - k) * n;
                for (Index j = begin; j < end; ++j) {
                    const double value = j > k ? row[n - 1 - j] : 0.0;
                    turned[static_cast<std::size_t>((j - begin) * tile + k - first)] =
                        static_cast<float>(value * perRoot[static_cast<std::size_t>(j)]);
                }
            }
            for (Index j = begin; j < end; ++j) {
                std::copy_n(turned.begin() + (j - begin) * tile, last - first,
                            factor.coefficients.begin() + j * n + first);
            }
        }
    });
}

}  // namespace

double FeedbackFactor::expectedGain() const {
    return std::accumulate(pivots.begin(), pivots.end(), 0.0) / trace;
}

FeedbackFactor factorForFeedback(const Hessian& hessian, ColumnOrder order, double damping,
                                 const std::stop_token& stop) {
    const Index n = hessian.size;
    if (hessian.full.size() != static_cast<std::size_t>(n * n) || n == 0) {
        throw Error("The side information " + hessian.source + " is the diagonal of a Hessian.",
                    "Error feedback needs the full matrix.");
    }
    FeedbackFactor factor;
    factor.size = n;
    factor.order = orderOf(hessian, order);
    double sum = 0.0;
    for (Index j = 0; j < n; ++j) {
        const double value = hessian.diagonal[static_cast<std::size_t>(j)];
        sum += value;
        if (!(value > 0.0)) factor.dead.push_back(j);
    }
    const double mean = sum / static_cast<double>(n);
    if (!(mean > 0.0) || !std::isfinite(mean)) {
        throw Error("The Hessian " + hessian.source + " is zero.",
                    "Compute it from inputs that reach this layer.");
    }
    for (factor.damping = damping; factor.damping <= mostDamping;
         factor.damping = std::max(leastDamping, 10.0 * factor.damping)) {
        const std::unique_ptr<double[]> storage =
            reversed(hessian, factor, factor.damping * mean, stop);
        const std::span<double> a(storage.get(), static_cast<std::size_t>(n * n));
        factor.trace = 0.0;
        for (Index i = 0; i < n; ++i)
            factor.trace += a[static_cast<std::size_t>(i * (n + 1))];
        if (!choleskyInPlace(a, n, leastPivot * mean, stop)) continue;
        readFactor(a, factor, stop);
        return factor;
    }
    throw Error("The Hessian " + hessian.source +
                    " is not positive semidefinite: even with a damping of " +
                    formatNumber(mostDamping) + " times its mean diagonal it has no factor.",
                "Compute it again as (1/n) sum x x^T of the layer's inputs.");
}

}  // namespace quantscope
