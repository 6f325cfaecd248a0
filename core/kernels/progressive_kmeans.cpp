// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/progressive_kmeans.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "core/kernels/rotation.h"

namespace quantscope {
namespace {

// How many dimensions each pass sees: ten steps that grow by the same factor.
std::vector<Index> dimensionsOfPasses(Index dim) {
    constexpr int steps = 10;
    std::vector<Index> passes;
    for (int step = 0; step <= steps; ++step) {
        const double grown = std::pow(static_cast<double>(dim), static_cast<double>(step) / steps);
        const Index dims = step == steps ? dim : static_cast<Index>(grown);
        if (passes.empty() || dims > passes.back()) passes.push_back(dims);
    }
    return passes;
}

// Most passes only prepare the next one.
int iterationsOfPass(Index dims, Index dim, int iterations) {
    constexpr int preparing = 10;
    return dims < dim ? std::min(preparing, iterations) : iterations;
}

double passWork(Index dims, Index dim, const KMeansParameters& parameters) {
    return static_cast<double>(dims) * iterationsOfPass(dims, dim, parameters.iterations);
}

// The same centroids with zeros along the further axes.
Matrix widened(const Matrix& centroids, Index dims) {
    Matrix wider(centroids.rows(), dims);
    for (Index k = 0; k < centroids.rows(); ++k)
        std::ranges::copy(centroids.view().row(k), wider.span().row(k).begin());
    return wider;
}

}  // namespace

double progressiveKMeansWork(const KMeansParameters& parameters, Index rows, Index dim) {
    double work = 0.0;
    for (const Index dims : dimensionsOfPasses(dim))
        work += passWork(dims, dim, parameters);
    const auto length = static_cast<double>(dim);
    // The covariance and the turned rows; the axes (principalAxes).
    const double turning = 2.0 * length * length;
    constexpr double eigenWork = 20.0;
    return static_cast<double>(rows) * (static_cast<double>(parameters.count) * work + turning) +
           eigenWork * length * length * length;
}

KMeansResult progressiveKMeans(MatrixView x, const KMeansParameters& parameters,
                               const RunContext& context) {
    assert(x.cols >= leastProgressiveDim && x.cols <= mostProgressiveDim);
    const PrincipalAxes principal = principalAxes(x, AxesCentre::Mean, context.stop());
    const Matrix turned = rotatedRows(x, principal.axes.view(), context.stop());
    double allWork = 0.0;
    for (const Index dims : dimensionsOfPasses(x.cols))
        allWork += passWork(dims, x.cols, parameters);
    KMeansResult result;
    double done = 0.0;
    std::uint64_t pass = 0;
    for (const Index dims : dimensionsOfPasses(x.cols)) {
        KMeansParameters own = parameters;
        own.iterations = iterationsOfPass(dims, x.cols, parameters.iterations);
        const double share = passWork(dims, x.cols, parameters) / allWork;
        const RunContext part = context.part(done, done + share, pass++);
        const Matrix start = dims > 1 ? widened(result.centroids, dims) : Matrix();
        result = kMeans(turned.view().middleCols(0, dims), own,
                        dims < x.cols ? part.withoutObjectives() : part, {},
                        dims > 1 ? start.view() : MatrixView());
        done += share;
    }
    Matrix centroids(parameters.count, x.cols);
    rotateRowsBack(result.centroids.view(), principal.axes.view(), centroids.span());
    result.centroids = std::move(centroids);
    return result;
}

}  // namespace quantscope
