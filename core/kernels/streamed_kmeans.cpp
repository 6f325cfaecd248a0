// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/streamed_kmeans.h"

#include <algorithm>
#include <functional>
#include <string>

#include "core/base/parallel.h"
#include "core/kernels/cell_sums.h"
#include "core/kernels/nearest.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {
namespace {

// What a pass adds up.
struct PassSums {
    CellSums cells;
    double energy = 0.0;  // sum of |x|^2

    PassSums(Index count, Index dim) : cells(count, dim) {}

    void add(const CellSums& part) {
        const auto plus = [](auto& total, const auto& more) {
            std::ranges::transform(total, more, total.begin(), std::plus());
        };
        plus(cells.rows, part.rows);
        plus(cells.masses, part.masses);
        plus(cells.counts, part.counts);
    }

    // Sum of squared distances from the centroids that the vectors were given to.
    double distortion(const Matrix& centroids) const {
        double sum = energy;
        for (Index k = 0; k < centroids.rows(); ++k) {
            for (Index j = 0; j < centroids.cols(); ++j) {
                const auto c = static_cast<double>(centroids(k, j));
                const auto at = static_cast<std::size_t>(k * centroids.cols() + j);
                sum += c * (cells.masses[static_cast<std::size_t>(k)] * c - 2.0 * cells.rows[at]);
            }
        }
        return std::max(0.0, sum);
    }

    void moveToMeans(Matrix& centroids) const {
        for (Index k = 0; k < centroids.rows(); ++k) {
            const double mass = cells.masses[static_cast<std::size_t>(k)];
            if (!(mass > 0.0)) continue;
            for (Index j = 0; j < centroids.cols(); ++j) {
                const auto at = static_cast<std::size_t>(k * centroids.cols() + j);
                centroids(k, j) = static_cast<float>(cells.rows[at] / mass);
            }
        }
    }
};

double energyOf(MatrixView vectors, const std::stop_token& stop) {
    constexpr Index rowsAtOnce = 4096;
    return parallelReduce(
        vectors.rows, rowsAtOnce, stop, 0.0,
        [&](Index begin, Index end) {
            double sum = 0.0;
            for (Index row = begin; row < end; ++row) {
                for (const float value : vectors.row(row))
                    sum += static_cast<double>(value) * static_cast<double>(value);
            }
            return sum;
        },
        [](double& total, double part) { total += part; });
}

}  // namespace

StreamedKMeansResult streamKMeans(const TensorSource& weights, const RowVectors& layout,
                                  int exponent, Matrix centroids, int passes,
                                  const RunContext& context) {
    constexpr Index blockFloats = Index{1} << 20;
    constexpr double relativeGain = 1e-5;
    const std::stop_token& stop = context.stop();
    const WeightReader reader(weights, stop);
    const Index rowsAtOnce = std::max<Index>(1, blockFloats / layout.cols);
    StreamedKMeansResult result{std::move(centroids), {}};
    for (int pass = 0; pass < passes; ++pass) {
        const CodewordPanels panels(result.centroids.view(), stop);
        PassSums sums(result.centroids.rows(), layout.dim);
        for (Index first = 0; first < layout.rows; first += rowsAtOnce) {
            std::vector<float> storage;
            const MatrixView rows =
                reader.read(first, std::min(rowsAtOnce, layout.rows - first), storage);
            Matrix vectors(rows.rows * layout.perRow(), layout.dim);
            layout.cut(rows, 0, exponent, vectors.span());
            std::vector<std::uint32_t> codes(static_cast<std::size_t>(vectors.rows()));
            assignRows(panels, vectors.view(), codes, stop);
            sums.add(sumCells(vectors.view(), codes, {}, panels.count(), stop));
            sums.energy += energyOf(vectors.view(), stop);
            const double done =
                static_cast<double>(first + rows.rows) / static_cast<double>(layout.rows);
            context.progress((pass + done) / passes,
                             "pass " + std::to_string(pass + 1) + " over all vectors");
        }
        const double distortion = sums.distortion(result.centroids);
        context.objective(sums.energy > 0.0 ? distortion / sums.energy : 0.0);
        result.objectives.push_back(distortion / static_cast<double>(layout.count()));
        sums.moveToMeans(result.centroids);
        const std::size_t told = result.objectives.size();
        if (told > 1 && result.objectives[told - 2] - result.objectives[told - 1] <=
                            relativeGain * result.objectives[told - 2]) {
            break;
        }
    }
    return result;
}

}  // namespace quantscope
