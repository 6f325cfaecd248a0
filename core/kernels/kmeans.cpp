// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/kmeans.h"

#include <algorithm>
#include <cassert>

#include "core/base/parallel.h"
#include "core/kernels/cell_split.h"
#include "core/kernels/cell_sums.h"
#include "core/kernels/pruned_assignment.h"
#include "core/kernels/seeding.h"

namespace quantscope {
namespace {

class Lloyd {
public:
    Lloyd(MatrixView x, std::span<const float> weights, MatrixView start, const RunContext& context)
        : m_x(x),
          m_weights(weights),
          m_context(context),
          m_centroids(start.rows, start.cols),
          m_assignment(x, start.rows),
          m_codes(static_cast<std::size_t>(x.rows)),
          m_sums(start.rows, start.cols) {
        for (Index k = 0; k < start.rows; ++k) {
            std::ranges::copy(start.row(k), m_centroids.span().row(k).begin());
        }
        measureRows();
    }

    // Gives every row to its nearest centroid.
    void assign() {
        m_assignment.assign(m_centroids.view(), m_codes, m_context.stop());
        m_sums = sumCells(m_x, m_codes, m_weights, m_centroids.rows(), m_context.stop());
    }

    // Mean squared distance of the rows from the centroids they were given to.
    double objective() const {
        double distortion = m_energy;
        for (Index k = 0; k < m_centroids.rows(); ++k) {
            const double mass = m_sums.masses[static_cast<std::size_t>(k)];
            for (Index j = 0; j < m_centroids.cols(); ++j) {
                const auto c = static_cast<double>(m_centroids(k, j));
                const double sum =
                    m_sums.rows[static_cast<std::size_t>(k * m_centroids.cols() + j)];
                distortion += c * (mass * c - 2.0 * sum);
            }
        }
        return std::max(0.0, distortion) / m_mass;
    }

    // Moves the centroids to the means of their rows; returns the number of empty cells revived.
    Index update() {
        bool anyEmpty = false;
        for (Index k = 0; k < m_centroids.rows(); ++k) {
            const double mass = m_sums.masses[static_cast<std::size_t>(k)];
            if (!(mass > 0.0)) {
                anyEmpty = true;
                continue;
            }
            for (Index j = 0; j < m_centroids.cols(); ++j) {
                m_centroids(k, j) = static_cast<float>(
                    m_sums.rows[static_cast<std::size_t>(k * m_centroids.cols() + j)] / mass);
            }
        }
        if (!anyEmpty) return 0;
        return reviveEmptyCells(m_x, m_weights, m_codes, m_centroids.span(), m_context.stop());
    }

    const std::vector<std::uint64_t>& counts() const { return m_sums.counts; }
    Matrix takeCentroids() { return std::move(m_centroids); }

private:
    double weight(Index row) const {
        return m_weights.empty() ? 1.0
                                 : static_cast<double>(m_weights[static_cast<std::size_t>(row)]);
    }

    void measureRows() {
        struct Totals {
            double mass = 0.0;
            double energy = 0.0;
        };
        constexpr Index chunkFloats = Index{1} << 18;
        const auto totals = parallelReduce(
            m_x.rows, std::max<Index>(1, chunkFloats / m_x.cols), m_context.stop(), Totals{},
            [&](Index begin, Index end) {
                Totals part;
                for (Index row = begin; row < end; ++row) {
                    double squaredNorm = 0.0;
                    for (const float value : m_x.row(row)) {
                        squaredNorm += static_cast<double>(value) * static_cast<double>(value);
                    }
                    part.mass += weight(row);
                    part.energy += weight(row) * squaredNorm;
                }
                return part;
            },
            [](Totals& total, const Totals& part) {
                total.mass += part.mass;
                total.energy += part.energy;
            });
        m_mass = totals.mass;
        m_energy = totals.energy;
    }

    MatrixView m_x;
    std::span<const float> m_weights;
    const RunContext& m_context;
    Matrix m_centroids;
    PrunedAssignment m_assignment;
    std::vector<std::uint32_t> m_codes;
    CellSums m_sums;
    double m_mass = 0.0;
    double m_energy = 0.0;  // sum of w |x|^2
};

Matrix rowsOf(MatrixView x, const std::vector<Index>& rows) {
    Matrix chosen(static_cast<Index>(rows.size()), x.cols);
    for (Index k = 0; k < chosen.rows(); ++k) {
        std::ranges::copy(x.row(rows[static_cast<std::size_t>(k)]), chosen.span().row(k).begin());
    }
    return chosen;
}

}  // namespace

KMeansResult kMeans(MatrixView x, const KMeansParameters& parameters, const RunContext& context,
                    std::span<const float> weights, MatrixView start) {
    assert(x.rows > 0 && x.cols > 0 && parameters.count > 0 && parameters.iterations > 0);
    assert(weights.empty() || static_cast<Index>(weights.size()) == x.rows);
    assert(start.data == nullptr || (start.rows == parameters.count && start.cols == x.cols));
    Matrix seeds;
    if (start.data == nullptr) {
        seeds = rowsOf(x, seedRows(x, weights, parameters.count, context));
        start = seeds.view();
    }
    Lloyd lloyd(x, weights, start, context);
    KMeansResult result;
    for (int iteration = 0; iteration < parameters.iterations; ++iteration) {
        lloyd.assign();
        const double objective = lloyd.objective();
        const bool settled =
            !result.objectives.empty() && result.objectives.back() - objective <=
                                              parameters.relativeGain * result.objectives.back();
        result.objectives.push_back(objective);
        const Index revived = lloyd.update();
        result.revived += revived;
        context.progress(static_cast<double>(iteration + 1) / parameters.iterations, "k-means");
        if (settled && revived == 0) break;
    }
    result.counts = lloyd.counts();
    result.centroids = lloyd.takeCentroids();
    return result;
}

}  // namespace quantscope
