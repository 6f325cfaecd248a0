// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/streamed_kmeans.h"

#include <algorithm>
#include <string>

#include "core/kernels/cell_sums.h"
#include "core/kernels/mean_square.h"
#include "core/kernels/nearest.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {
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
        CellSums sums(result.centroids.rows(), layout.dim);
        double energy = 0.0;  // Sum of |x|^2.
        for (Index first = 0; first < layout.rows; first += rowsAtOnce) {
            std::vector<float> storage;
            const MatrixView rows =
                reader.read(first, std::min(rowsAtOnce, layout.rows - first), storage);
            Matrix vectors(rows.rows * layout.perRow(), layout.dim);
            layout.cut(rows, 0, exponent, vectors.span());
            std::vector<std::uint32_t> codes(static_cast<std::size_t>(vectors.rows()));
            assignRows(panels, vectors.view(), codes, stop);
            sums.add(sumCells(vectors.view(), codes, {}, panels.count(), stop));
            energy += meanSquare(vectors.view(), stop) * static_cast<double>(vectors.rows());
            const double done =
                static_cast<double>(first + rows.rows) / static_cast<double>(layout.rows);
            context.progress((pass + done) / passes,
                             "pass " + std::to_string(pass + 1) + " over all vectors");
        }
        const double distortion = sums.distortion(result.centroids.view(), energy);
        context.objective(energy > 0.0 ? distortion / energy : 0.0);
        result.objectives.push_back(distortion / static_cast<double>(layout.count()));
        sums.moveToMeans(result.centroids.span());
        const std::size_t told = result.objectives.size();
        if (told > 1 && result.objectives[told - 2] - result.objectives[told - 1] <=
                            relativeGain * result.objectives[told - 2]) {
            break;
        }
    }
    return result;
}

}  // namespace quantscope
