// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/kmeans.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cassert>

#include "core/base/parallel.h"
#include "core/base/squared_norm.h"
#include "core/kernels/balanced_assignment.h"
#include "core/kernels/cell_split.h"
#include "core/kernels/cell_sums.h"
#include "core/kernels/nearest.h"
#include "core/kernels/pruned_assignment.h"
#include "core/kernels/seeding.h"

namespace quantscope {
namespace {

Matrix rowsOf(MatrixView x, const std::vector<Index>& rows) {
    Matrix chosen(static_cast<Index>(rows.size()), x.cols);
    for (Index k = 0; k < chosen.rows(); ++k) {
        std::ranges::copy(x.row(rows[static_cast<std::size_t>(k)]), chosen.span().row(k).begin());
    }
    return chosen;
}

Eigen::MatrixXd asEigen(MatrixView values) {
    Eigen::MatrixXd result(values.rows, values.cols);
    for (Index r = 0; r < values.rows; ++r) {
        for (Index c = 0; c < values.cols; ++c)
            result(r, c) = static_cast<double>(values.row(r)[static_cast<std::size_t>(c)]);
    }
    return result;
}

class Lloyd {
public:
    Lloyd(MatrixView x, std::span<const float> weights, MatrixView start, const RunContext& context)
        : m_x(x),
          m_weights(weights),
          m_context(context),
          m_centroids(start.rows, start.cols),
          m_assignment(x, start.rows),
          m_codes(static_cast<std::size_t>(x.rows)),
          m_sums(start.rows, start.cols),
          m_map(Eigen::MatrixXd::Identity(start.cols, start.cols)) {
        for (Index k = 0; k < start.rows; ++k) {
            std::ranges::copy(start.row(k), m_centroids.span().row(k).begin());
        }
        measureRows();
    }

    // Gives every row to its nearest centroid.
    void assign() {
        m_assignment.assign(m_centroids.view(), m_codes, m_context.stop());
        sumUp();
    }

    // Gives every centroid about equally many rows.
    void assignBalanced(BalancedAssignment& balance) {
        // Distances are like those of the last assignment; before the first, of the nearest ones.
        if (!m_isAssigned) assign();
        const double distance = objective();
        if (!(distance > 0.0)) return assign();
        balance.assign(m_x, m_centroids.view(), distance, m_codes, m_context.stop());
        sumUp();
    }

    void sumUp() {
        m_isAssigned = true;
        m_sums = sumCells(m_x, m_codes, m_weights, m_centroids.rows(), m_context.stop());
    }

    // Mean squared distance of the rows from the centroids they were given to.
    double objective() const { return m_sums.distortion(m_centroids.view(), m_energy) / m_mass; }

    // An objective as a share of the mean square of the rows.
    double share(double objective) const {
        return m_energy > 0.0 ? objective * m_mass / m_energy : 0.0;
    }

    void moveToMeans() { m_sums.moveToMeans(m_centroids.span()); }

    // Moves all centroids by the linear map of `first` that fits the rows best.
    void moveLinearly(MatrixView first) {
        using Map = Eigen::Map<
            const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
        const Index dim = m_centroids.cols();
        if (m_first.size() == 0) m_first = asEigen(first);
        const Eigen::MatrixXd& c0 = m_first;
        const Eigen::Map<const Eigen::VectorXd> masses(m_sums.masses.data(), first.rows);
        const Map sums(m_sums.rows.data(), first.rows, dim);
        Eigen::MatrixXd normal = c0.transpose() * masses.asDiagonal() * c0;
        // Codewords in use that do not span all dimensions leave the rest as it was.
        constexpr double ridge = 1e-9;
        const double damping = ridge * normal.trace() / static_cast<double>(dim);
        normal.diagonal().array() += damping;
        const Eigen::MatrixXd target = c0.transpose() * sums + damping * m_map;
        m_map = normal.ldlt().solve(target);
        const Eigen::MatrixXd moved = c0 * m_map;
        for (Index k = 0; k < first.rows; ++k) {
            for (Index j = 0; j < dim; ++j)
                m_centroids(k, j) = static_cast<float>(moved(k, j));
        }
    }

    // Gives codewords without rows a part of the worst cells; returns how many.
    Index reviveEmpty() {
        const bool anyEmpty =
            std::ranges::any_of(m_sums.masses, [](double mass) { return !(mass > 0.0); });
        if (!anyEmpty) return 0;
        return reviveEmptyCells(m_x, m_weights, m_codes, m_centroids.span(), m_context.stop());
    }

    // Takes the rows of rarely used codewords to the nearest other ones, so that the rare ones are
    // free.
    void emptyRareCells() {
        constexpr double share = 0.1;
        const double least =
            share * static_cast<double>(m_x.rows) / static_cast<double>(m_centroids.rows());
        std::vector<Index> kept;
        for (Index k = 0; k < m_centroids.rows(); ++k) {
            if (static_cast<double>(m_sums.counts[static_cast<std::size_t>(k)]) >= least) {
                kept.push_back(k);
            }
        }
        if (kept.empty() || static_cast<Index>(kept.size()) == m_centroids.rows()) return;
        std::vector<Index> moving;
        for (Index row = 0; row < m_x.rows; ++row) {
            const std::uint64_t count = m_sums.counts[m_codes[static_cast<std::size_t>(row)]];
            if (static_cast<double>(count) < least) moving.push_back(row);
        }
        if (moving.empty()) return;
        const Matrix rows = rowsOf(m_x, moving);
        std::vector<std::uint32_t> codes(moving.size());
        const CodewordPanels others(rowsOf(m_centroids.view(), kept).view(), m_context.stop());
        assignRows(others, rows.view(), codes, m_context.stop());
        for (std::size_t i = 0; i < moving.size(); ++i) {
            m_codes[static_cast<std::size_t>(moving[i])] =
                static_cast<std::uint32_t>(kept[codes[i]]);
        }
        m_sums = sumCells(m_x, m_codes, m_weights, m_centroids.rows(), m_context.stop());
        moveToMeans();
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
                    part.mass += weight(row);
                    part.energy += weight(row) * squaredNorm(m_x.row(row));
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
    Eigen::MatrixXd m_first;  // The centroids at the start; only for linear updates.
    Eigen::MatrixXd m_map;    // Of the first centroids to the present ones.
    bool m_isAssigned = false;
    double m_mass = 0.0;
    double m_energy = 0.0;  // sum of w |x|^2
};

}  // namespace

KMeansResult kMeans(MatrixView x, const KMeansParameters& parameters, const RunContext& context,
                    std::span<const float> weights, MatrixView start) {
    assert(x.rows > 0 && x.cols > 0 && parameters.count > 0 && parameters.iterations >= 0);
    assert(weights.empty() || static_cast<Index>(weights.size()) == x.rows);
    assert(start.data == nullptr || (start.rows == parameters.count && start.cols == x.cols));
    Matrix seeds;
    if (start.data == nullptr) {
        seeds = rowsOf(x, seedRows(x, weights, parameters.count, context));
        start = seeds.view();
    }
    Lloyd lloyd(x, weights, start, context);
    BalancedAssignment balance(parameters.count);
    KMeansResult result;
    for (int iteration = 0; iteration < parameters.iterations; ++iteration) {
        if (parameters.assignment == Assignment::Balanced) {
            lloyd.assignBalanced(balance);
        } else {
            lloyd.assign();
        }
        const double objective = lloyd.objective();
        // While codewords are taken away the objective may rise, and falls again later.
        const bool early = parameters.revival == Revival::Rare &&
                           parameters.update == CodebookUpdate::Means &&
                           2 * iteration < parameters.iterations;
        const bool settled = !early && !result.objectives.empty() &&
                             objective <= result.objectives.back() &&
                             result.objectives.back() - objective <=
                                 parameters.relativeGain * result.objectives.back();
        result.objectives.push_back(objective);
        context.objective(lloyd.share(objective));
        Index revived = 0;
        if (parameters.update == CodebookUpdate::Linear) {
            lloyd.moveLinearly(start);
        } else {
            lloyd.moveToMeans();
            if (early) lloyd.emptyRareCells();
            if (parameters.revival != Revival::None) revived = lloyd.reviveEmpty();
        }
        result.revived += revived;
        context.progress(static_cast<double>(iteration + 1) / parameters.iterations, "k-means");
        if (settled && revived == 0) break;
    }
    result.counts = lloyd.counts();
    result.centroids = lloyd.takeCentroids();
    return result;
}

}  // namespace quantscope
