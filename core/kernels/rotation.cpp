// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/rotation.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/base/parallel.h"
#include "core/kernels/product.h"
#include "core/kernels/symmetric_eigen.h"

namespace quantscope {
namespace {

using Doubles = std::vector<double>;

StridedView<double> viewOf(const Doubles& values, Index rows, Index cols) {
    return {values.data(), rows, cols, cols, 1};
}

// a^T b of matrices with the same number of rows, by blocks of rows.
Doubles productOverRows(MatrixView a, MatrixView b, const std::stop_token& stop) {
    constexpr Index blockRows = 256;
    constexpr Index blocksPerChunk = 16;
    // Every chunk keeps a sum of its own until the end.
    constexpr Index mostChunks = 8;
    const Index rowsAtOnce =
        std::max(blockRows * blocksPerChunk, (a.rows + mostChunks - 1) / mostChunks);
    const Doubles none(static_cast<std::size_t>(a.cols * b.cols));
    return parallelReduce(
        a.rows, rowsAtOnce, stop, none,
        [&](Index begin, Index end) {
            Doubles sum = none;
            std::vector<float> block(none.size());
            for (Index first = begin; first < end && !stop.stop_requested(); first += blockRows) {
                const Index count = std::min(blockRows, end - first);
                std::ranges::fill(block, 0.0F);
                addProduct(1.0F, strided(a.middleRows(first, count)).transposed(),
                           strided(b.middleRows(first, count)), block.data(), b.cols);
                std::ranges::transform(sum, block, sum.begin(), std::plus());
            }
            return sum;
        },
        [](Doubles& total, const Doubles& part) {
            std::ranges::transform(total, part, total.begin(), std::plus());
        });
}

// C = alpha A B, shared out by rows.
Doubles product(double alpha, const StridedView<double>& a, const StridedView<double>& b,
                const std::stop_token& stop) {
    constexpr Index rowsAtOnce = 32;
    Doubles c(static_cast<std::size_t>(a.rows * b.cols));
    parallelFor(a.rows, rowsAtOnce, stop, [&](Index begin, Index end) {
        const StridedView<double> rows{a.data + begin * a.rowStride, end - begin, a.cols,
                                       a.rowStride, a.colStride};
        addProduct(alpha, rows, b, c.data() + begin * b.cols, b.cols);
    });
    return c;
}

double largestSum(const StridedView<double>& values) {
    double largest = 0.0;
    for (Index row = 0; row < values.rows; ++row) {
        double sum = 0.0;
        for (Index j = 0; j < values.cols; ++j)
            sum += std::abs(values.data[row * values.rowStride + j * values.colStride]);
        largest = std::max(largest, sum);
    }
    return largest;
}

Doubles columnMeans(MatrixView x) {
    Doubles means(static_cast<std::size_t>(x.cols));
    for (Index row = 0; row < x.rows; ++row) {
        std::ranges::transform(means, x.row(row), means.begin(), std::plus());
    }
    for (double& mean : means)
        mean /= static_cast<double>(x.rows);
    return means;
}

Matrix aboutTheirMean(MatrixView x) {
    const Doubles means = columnMeans(x);
    Matrix centred(x.rows, x.cols);
    for (Index row = 0; row < x.rows; ++row) {
        std::ranges::transform(x.row(row), means, centred.span().row(row).begin(),
                               [](float value, double mean) {
                                   return static_cast<float>(static_cast<double>(value) - mean);
                               });
    }
    return centred;
}

}  // namespace

PrincipalAxes principalAxes(MatrixView x, AxesCentre centre, const std::stop_token& stop) {
    assert(x.rows > 0);
    const Index dim = x.cols;
    const Matrix centred = centre == AxesCentre::Mean ? aboutTheirMean(x) : Matrix();
    const MatrixView rows = centre == AxesCentre::Mean ? centred.view() : x;
    const Doubles moments = productOverRows(rows, rows, stop);
    const SymmetricEigen eigen = symmetricEigen(moments, dim);
    PrincipalAxes result{Matrix(dim, dim), {}};
    for (Index axis = 0; axis < dim; ++axis) {
        const auto from = static_cast<std::size_t>(axis);
        result.variances.push_back(std::max(0.0, eigen.values[from]) / static_cast<double>(x.rows));
        for (Index j = 0; j < dim; ++j) {
            result.axes(j, axis) =
                static_cast<float>(eigen.vectors[static_cast<std::size_t>(axis * dim + j)]);
        }
    }
    return result;
}

Matrix nearestRotation(MatrixView x, MatrixView y, MatrixView before, const std::stop_token& stop) {
    assert(x.rows == y.rows && before.rows == x.cols && before.cols == y.cols);
    const Index dim = x.cols;
    const Index kept = y.cols;
    Doubles factor = productOverRows(x, y, stop);
    const double scale = largestSum(viewOf(factor, dim, kept));
    // Small enough to leave what is known alone, large enough to settle within the iterations.
    constexpr double share = 1e-9;
    for (Index row = 0; row < dim; ++row) {
        for (Index j = 0; j < kept; ++j) {
            double& value = factor[static_cast<std::size_t>(row * kept + j)];
            value =
                (scale > 0.0 ? value / scale : 0.0) + share * static_cast<double>(before(row, j));
        }
    }
    // |A|_1 |A|_inf bounds the square of the largest singular value, which must be below 3.
    const StridedView<double> view = viewOf(factor, dim, kept);
    const double bound = std::sqrt(largestSum(view) * largestSum(view.transposed()));
    for (double& value : factor)
        value /= bound;
    constexpr int mostIterations = 100;
    constexpr double tolerance = 1e-12;
    for (int iteration = 0; iteration < mostIterations; ++iteration) {
        // X <- X (3 I - X^T X) / 2
        const StridedView<double> current = viewOf(factor, dim, kept);
        Doubles inner = product(-0.5, current.transposed(), current, stop);
        double distance = 0.0;
        for (Index i = 0; i < kept; ++i) {
            double& diagonal = inner[static_cast<std::size_t>(i * kept + i)];
            diagonal += 1.5;
            distance = std::max(distance, std::abs(diagonal - 1.0));
        }
        factor = product(1.0, current, viewOf(inner, kept, kept), stop);
        if (distance < tolerance) break;
    }
    Matrix rotation(dim, kept);
    std::ranges::transform(factor, rotation.data(),
                           [](double value) { return static_cast<float>(value); });
    return rotation;
}

void rotateRows(MatrixView from, MatrixView rotation, MatrixSpan to) {
    for (Index row = 0; row < to.rows; ++row)
        std::ranges::fill(to.row(row), 0.0F);
    addProduct(1.0F, strided(from), strided(rotation), to.data, to.stride);
}

Matrix rotatedRows(MatrixView from, MatrixView rotation, const std::stop_token& stop) {
    constexpr Index rowsAtOnce = 256;
    Matrix to(from.rows, rotation.cols);
    parallelFor(from.rows, rowsAtOnce, stop, [&](Index begin, Index end) {
        rotateRows(from.middleRows(begin, end - begin), rotation,
                   to.span().middleRows(begin, end - begin));
    });
    return to;
}

void rotateRowsBack(MatrixView from, MatrixView rotation, MatrixSpan to) {
    for (Index row = 0; row < to.rows; ++row)
        std::ranges::fill(to.row(row), 0.0F);
    addProduct(1.0F, strided(from), strided(rotation).transposed(), to.data, to.stride);
}

}  // namespace quantscope
