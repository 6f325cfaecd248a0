// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/balanced_assignment.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>

#include "core/base/parallel.h"
#include "core/base/squared_norm.h"
#include "core/kernels/exponentials.h"
#include "core/kernels/product.h"

namespace quantscope {
namespace {

// (p_k - |c_k|^2 + 2 x_i.c_k) / eps for the rows of a block: what softmax needs, as |x_i|^2 is the
// same for all codewords. Rows and codewords are taken from the mean codeword, or far from the
// origin nothing would be left of the differences.
class Scores {
public:
    Scores(MatrixView centroids, std::span<const double> prices, double epsilon)
        : m_mean(meanOf(centroids)), m_centroids(minusMean(centroids)), m_inverse(1.0 / epsilon) {
        for (Index k = 0; k < centroids.rows; ++k) {
            const double norm = squaredNorm(m_centroids.view().row(k));
            m_offsets.push_back(
                static_cast<float>((prices[static_cast<std::size_t>(k)] - norm) * m_inverse));
        }
    }

    Index rowsAtOnce() const {
        constexpr Index blockFloats = Index{1} << 18;
        return std::clamp<Index>(blockFloats / m_centroids.rows(), 8, 1024);
    }

    // rows x codewords.
    Matrix of(MatrixView rows) const {
        Matrix scores(rows.rows, m_centroids.rows());
        for (Index i = 0; i < rows.rows; ++i)
            std::ranges::copy(m_offsets, scores.span().row(i).begin());
        addProduct(static_cast<float>(2.0 * m_inverse), strided(minusMean(rows).view()),
                   strided(m_centroids.view()).transposed(), scores.data(), scores.cols());
        return scores;
    }

private:
    static std::vector<float> meanOf(MatrixView centroids) {
        std::vector<double> sums(static_cast<std::size_t>(centroids.cols));
        for (Index k = 0; k < centroids.rows; ++k) {
            std::ranges::transform(sums, centroids.row(k), sums.begin(),
                                   [](double sum, float value) { return sum + value; });
        }
        std::vector<float> mean(sums.size());
        std::ranges::transform(sums, mean.begin(), [&](double sum) {
            return static_cast<float>(sum / static_cast<double>(centroids.rows));
        });
        return mean;
    }

    Matrix minusMean(MatrixView rows) const {
        Matrix moved(rows.rows, rows.cols);
        for (Index i = 0; i < rows.rows; ++i) {
            std::ranges::transform(rows.row(i), m_mean, moved.span().row(i).begin(), std::minus());
        }
        return moved;
    }

    std::vector<float> m_mean;
    Matrix m_centroids;
    double m_inverse;
    std::vector<float> m_offsets;
};

// What each codeword gets of all rows.
std::vector<double> shares(MatrixView x, const Scores& scores, Index codewords,
                           const std::stop_token& stop) {
    using Sums = std::vector<double>;
    // Few chunks, because each keeps sums of its own.
    constexpr Index mostChunks = 32;
    const Index block = scores.rowsAtOnce();
    const Index blocks = (x.rows + block - 1) / block;
    const Index grain = (blocks + mostChunks - 1) / mostChunks;
    const Sums none(static_cast<std::size_t>(codewords));
    return parallelReduce(
        blocks, grain, stop, none,
        [&](Index first, Index end) {
            Sums sums = none;
            for (Index b = first; b < end; ++b) {
                throwIfStopped(stop);
                const Index begin = b * block;
                Matrix part = scores.of(x.middleRows(begin, std::min(block, x.rows - begin)));
                std::vector<float> ofBlock(sums.size());
                for (Index i = 0; i < part.rows(); ++i) {
                    const std::span<float> row = part.span().row(i);
                    softmax(row);
                    std::ranges::transform(ofBlock, row, ofBlock.begin(), std::plus());
                }
                std::ranges::transform(sums, ofBlock, sums.begin(), [](double sum, float more) {
                    return sum + static_cast<double>(more);
                });
            }
            return sums;
        },
        [](Sums& total, const Sums& part) {
            std::ranges::transform(total, part, total.begin(), std::plus());
        });
}

}  // namespace

void BalancedAssignment::assign(MatrixView x, MatrixView centroids, double squaredDistance,
                                std::span<std::uint32_t> codes, const std::stop_token& stop) {
    assert(centroids.rows == static_cast<Index>(m_prices.size()));
    assert(static_cast<Index>(codes.size()) == x.rows && squaredDistance > 0.0);
    const double epsilon = m_parameters.temperature * squaredDistance;
    const double wanted = static_cast<double>(x.rows) / static_cast<double>(centroids.rows);
    // A codeword that gets next to nothing becomes cheaper step by step, not at once.
    constexpr double least = 1e-6;
    for (int round = 0; round < m_parameters.rounds; ++round) {
        const std::vector<double> got =
            shares(x, Scores(centroids, m_prices, epsilon), centroids.rows, stop);
        const bool isBalanced = std::ranges::all_of(got, [&](double share) {
            return std::abs(share / wanted - 1.0) <= m_parameters.tolerance;
        });
        if (isBalanced) break;
        for (std::size_t k = 0; k < m_prices.size(); ++k)
            m_prices[k] -= epsilon * std::log(std::max(got[k] / wanted, least));
    }
    const Scores scores(centroids, m_prices, epsilon);
    parallelFor(x.rows, scores.rowsAtOnce(), stop, [&](Index begin, Index end) {
        const Matrix part = scores.of(x.middleRows(begin, end - begin));
        for (Index i = 0; i < part.rows(); ++i) {
            const std::span<const float> row = part.view().row(i);
            codes[static_cast<std::size_t>(begin + i)] =
                static_cast<std::uint32_t>(std::ranges::max_element(row) - row.begin());
        }
    });
}

}  // namespace quantscope
