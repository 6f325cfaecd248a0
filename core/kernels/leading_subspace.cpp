// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/leading_subspace.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/product.h"
#include "core/kernels/symmetric_eigen.h"

namespace quantscope {

namespace {

// Eigenvalues of a matrix of this size take less than 0.1 s, and cannot be interrupted.
constexpr Index largestBasis = 384;
constexpr Index oversampling = 8;
constexpr Index mostBlocks = 8;
constexpr int mostCycles = 6;
constexpr double leastGain = 1e-4;

/// Rows of n numbers.
struct Rows {
    std::vector<double> values;
    Index count = 0;
};

class Krylov {
public:
    Krylov(const SymmetricOperator& matrix, Index wanted, const RunContext& context)
        : m_matrix(matrix),
          m_n(matrix.size),
          m_wanted(std::min(wanted, matrix.rank)),
          m_most(std::min(largestBasis, matrix.rank)),
          m_block(std::min({m_wanted + oversampling, m_most, largestBasis / 2})),
          m_context(context) {}

    LeadingSubspace run() {
        Rows start = randomRows();
        LeadingSubspace best;
        double energy = 0.0;
        for (int cycle = 0; cycle < mostCycles; ++cycle) {
            expand(std::move(start));
            LeadingSubspace found = ritz(m_block);
            const auto last = found.values.begin() + std::min(m_wanted, found.count());
            const double reached = std::accumulate(found.values.begin(), last, 0.0);
            best = std::move(found);
            m_context.progress((cycle + 1.0) / mostCycles, "finding principal directions");
            const bool settled = reached - energy <= leastGain * reached;
            if (m_complete || settled) break;
            energy = reached;
            start = {best.vectors, best.count()};
        }
        const Index kept = std::min(m_wanted, best.count());
        best.values.resize(static_cast<std::size_t>(kept));
        best.vectors.resize(static_cast<std::size_t>(kept * m_n));
        return best;
    }

private:
    Rows randomRows() const {
        Rows rows{{}, m_block};
        Random random = m_context.random(0);
        for (Index i = 0; i < m_block * m_n; ++i)
            rows.values.push_back(random.normal());
        return {m_matrix.times(rows.values, rows.count), m_block};
    }

    // Fills the basis, block by block, with what M makes of the block before.
    void expand(Rows next) {
        m_basis = {};
        m_images = {};
        m_complete = false;
        const Index most = m_most < largestBasis ? m_most : std::min(m_most, mostBlocks * m_block);
        while (m_basis.count < most) {
            next.count = std::min(next.count, most - m_basis.count);
            next.values.resize(static_cast<std::size_t>(next.count * m_n));
            orthonormalize(next);
            if (next.count == 0) break;
            Rows image{m_matrix.times(next.values, next.count), next.count};
            append(m_basis, next);
            append(m_images, image);
            next = std::move(image);
        }
        m_complete = next.count == 0 || m_basis.count == m_matrix.rank;
    }

    // Eigenvectors of M as the basis shows them.
    LeadingSubspace ritz(Index most) const {
        LeadingSubspace found;
        const Index size = m_basis.count;
        if (size == 0) return found;
        const std::vector<double> form =
            product(m_basis.values, m_images.values, size, m_n, size, true);
        const SymmetricEigen eigen = symmetricEigen(form, size);
        Index count = std::min(most, size);
        // Below that, eigenvalues are what rounding left.
        while (count > 0 &&
               eigen.values[static_cast<std::size_t>(count - 1)] <= 1e-14 * eigen.values.front()) {
            --count;
        }
        found.values.assign(eigen.values.begin(), eigen.values.begin() + count);
        found.vectors = product(eigen.vectors, m_basis.values, count, size, m_n, false);
        return found;
    }

    // Makes the rows orthogonal to the basis and to each other; those that depend on others go.
    // Twice, because the first time leaves rounding errors of what was taken away.
    void orthonormalize(Rows& rows) const {
        const double reference = largestNorm(rows);
        if (!(reference > 0.0)) {
            rows = {};
            return;
        }
        for (int pass = 0; pass < 2 && rows.count > 0; ++pass) {
            project(rows);
            normalize(rows, pass == 0 ? reference : 1.0);
        }
    }

    void project(Rows& rows) const {
        if (m_basis.count == 0) return;
        std::vector<double> shares =
            product(rows.values, m_basis.values, rows.count, m_n, m_basis.count, true);
        const std::vector<double> parallel =
            product(shares, m_basis.values, rows.count, m_basis.count, m_n, false);
        std::ranges::transform(rows.values, parallel, rows.values.begin(), std::minus());
    }

    void normalize(Rows& rows, double reference) const {
        constexpr double leastShare = 1e-12;
        constexpr double leastSquare = 1e-13;
        const std::vector<double> gram =
            product(rows.values, rows.values, rows.count, m_n, rows.count, true);
        SymmetricEigen eigen = symmetricEigen(gram, rows.count);
        const double least = std::max(leastSquare * eigen.values.front(),
                                      leastShare * leastShare * reference * reference);
        Index kept = 0;
        while (kept < rows.count && eigen.values[static_cast<std::size_t>(kept)] > least) {
            const double factor = 1.0 / std::sqrt(eigen.values[static_cast<std::size_t>(kept)]);
            for (Index i = 0; i < rows.count; ++i)
                eigen.vectors[static_cast<std::size_t>(kept * rows.count + i)] *= factor;
            ++kept;
        }
        rows = {product(eigen.vectors, rows.values, kept, rows.count, m_n, false), kept};
    }

    double largestNorm(const Rows& rows) const {
        double largest = 0.0;
        for (Index k = 0; k < rows.count; ++k) {
            const double* const row = rows.values.data() + k * m_n;
            largest = std::max(largest, std::transform_reduce(row, row + m_n, row, 0.0));
        }
        return std::sqrt(largest);
    }

    static void append(Rows& to, const Rows& rows) {
        to.values.insert(to.values.end(), rows.values.begin(), rows.values.end());
        to.count += rows.count;
    }

    std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b,
                                Index rows, Index inner, Index cols, bool bTransposed) const {
        return parallelProduct(a, b, rows, inner, cols, bTransposed, m_context.stop());
    }

    const SymmetricOperator& m_matrix;
    Index m_n;
    Index m_wanted;
    Index m_most;   ///< Size of the basis.
    Index m_block;  ///< Vectors that are multiplied together.
    const RunContext& m_context;
    Rows m_basis;
    Rows m_images;            ///< Of the basis, times M.
    bool m_complete = false;  ///< The basis holds all that M does not map to 0.
};

LeadingSubspace exactSubspace(const SymmetricOperator& matrix, Index wanted) {
    const Index n = matrix.size;
    std::vector<double> identity(static_cast<std::size_t>(n * n));
    for (Index i = 0; i < n; ++i)
        identity[static_cast<std::size_t>(i * (n + 1))] = 1.0;
    SymmetricEigen eigen = symmetricEigen(matrix.times(identity, n), n);
    Index count = std::min(wanted, matrix.rank);
    while (count > 0 && !(eigen.values[static_cast<std::size_t>(count - 1)] >
                          1e-14 * std::max(0.0, eigen.values.front()))) {
        --count;
    }
    eigen.values.resize(static_cast<std::size_t>(count));
    eigen.vectors.resize(static_cast<std::size_t>(count * n));
    return {std::move(eigen.values), std::move(eigen.vectors)};
}

}  // namespace

LeadingSubspace leadingSubspace(const SymmetricOperator& matrix, Index wanted,
                                const RunContext& context) {
    context.throwIfStopped();
    if (matrix.size <= largestBasis) return exactSubspace(matrix, wanted);
    return Krylov(matrix, wanted, context).run();
}

std::vector<double> parallelProduct(const std::vector<double>& a, const std::vector<double>& b,
                                    Index rows, Index inner, Index cols, bool bTransposed,
                                    const std::stop_token& stop) {
    std::vector<double> result(static_cast<std::size_t>(rows * cols));
    // Some hundredths of a second at most.
    constexpr Index mostProducts = Index{1} << 24;
    constexpr Index leastCols = 8;
    const Index grain = std::max(leastCols, mostProducts / std::max<Index>(1, rows * inner));
    parallelFor(cols, grain, stop, [&](Index begin, Index end) {
        const Index count = end - begin;
        const StridedView<double> left{a.data(), rows, inner, inner, 1};
        const StridedView<double> right =
            bTransposed ? StridedView<double>{b.data() + begin * inner, inner, count, 1, inner}
                        : StridedView<double>{b.data() + begin, inner, count, cols, 1};
        addProduct(1.0, left, right, result.data() + begin, cols);
    });
    return result;
}

}  // namespace quantscope
