// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/cholesky.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/parallel.h"
#include "core/kernels/product.h"

namespace quantscope {

namespace {

constexpr Index blockSize = 64;
// Rows that one thread updates at a time.
constexpr Index stripRows = 96;

/// One matrix under way.
class Factorization {
public:
    Factorization(std::span<double> a, Index size, double smallestPivot)
        : m_a(a.data()), m_size(size), m_smallest(smallestPivot) {}

    bool run(const std::stop_token& stop) {
        for (Index first = 0; first < m_size; first += blockSize) {
            throwIfStopped(stop);
            const Index count = std::min(blockSize, m_size - first);
            if (!factorDiagonal(first, count)) return false;
            const Index below = first + count;
            if (below == m_size) break;
            solveBelow(first, count, stop);
            updateRest(first, count, stop);
        }
        return true;
    }

private:
    double& at(Index r, Index c) const { return m_a[r * m_size + c]; }

    bool factorDiagonal(Index first, Index count) const {
        for (Index j = first; j < first + count; ++j) {
            double pivot = at(j, j);
            for (Index k = first; k < j; ++k)
                pivot -= at(j, k) * at(j, k);
            if (!(pivot > m_smallest)) return false;
            const double root = std::sqrt(pivot);
            at(j, j) = root;
            for (Index i = j + 1; i < first + count; ++i) {
                double sum = at(i, j);
                for (Index k = first; k < j; ++k)
                    sum -= at(i, k) * at(j, k);
                at(i, j) = sum / root;
            }
        }
        return true;
    }

    // The inverse of the diagonal block, by columns; with it the rows below are one product.
    std::vector<double> inverseOfDiagonal(Index first, Index count) const {
        std::vector<double> inverse(static_cast<std::size_t>(count * count));
        for (Index c = 0; c < count; ++c) {
            for (Index r = c; r < count; ++r) {
                double sum = r == c ? 1.0 : 0.0;
                for (Index k = c; k < r; ++k)
                    sum -=
                        at(first + r, first + k) * inverse[static_cast<std::size_t>(k * count + c)];
                inverse[static_cast<std::size_t>(r * count + c)] = sum / at(first + r, first + r);
            }
        }
        return inverse;
    }

    void solveBelow(Index first, Index count, const std::stop_token& stop) {
        const std::vector<double> inverse = inverseOfDiagonal(first, count);
        const StridedView<double> transposed =
            StridedView<double>{inverse.data(), count, count, count, 1}.transposed();
        const Index below = first + count;
        parallelFor(m_size - below, stripRows, stop, [&](Index begin, Index end) {
            const Index rows = end - begin;
            std::vector<double> solved(static_cast<std::size_t>(rows * count));
            addProduct(1.0, {&at(below + begin, first), rows, count, m_size, 1}, transposed,
                       solved.data(), count);
            for (Index r = 0; r < rows; ++r)
                std::copy_n(solved.data() + r * count, count, &at(below + begin + r, first));
        });
    }

    void updateRest(Index first, Index count, const std::stop_token& stop) {
        const Index below = first + count;
        parallelFor(m_size - below, stripRows, stop, [&](Index begin, Index end) {
            const StridedView<double> strip{&at(below + begin, first), end - begin, count, m_size,
                                            1};
            // Only the lower triangle is needed: columns up to the strip's last row.
            const StridedView<double> left{&at(below, first), end, count, m_size, 1};
            addProduct(-1.0, strip, left.transposed(), &at(below + begin, below), m_size);
        });
    }

    double* m_a;
    Index m_size;
    double m_smallest;
};

}  // namespace

bool choleskyInPlace(std::span<double> a, Index size, double smallestPivot,
                     const std::stop_token& stop) {
    return Factorization(a, size, smallestPivot).run(stop);
}

}  // namespace quantscope
