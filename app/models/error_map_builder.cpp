// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/error_map_builder.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/base/parallel.h"

namespace quantscope {

namespace {

// Cell of position `i` when `extent` positions are shared out to `cells` cells.
Index cellOf(Index i, Index extent, Index cells) {
    return i * cells / extent;
}

// First position of a cell.
Index cellBegin(Index cell, Index extent, Index cells) {
    return (cell * extent + cells - 1) / cells;
}

}  // namespace

ErrorMapData buildErrorMap(const TensorSource& weights, const QuantizedTensor& quantized,
                           const QString& title, int cells, const std::stop_token& stop,
                           const std::function<void(double)>& progress) {
    const Index rows = weights.rows();
    const Index cols = weights.cols();
    const Index cellRows = std::min<Index>(cells, rows);
    const Index cellCols = std::min<Index>(cells, cols);
    ErrorMapData data;
    data.title = title;
    data.rows = static_cast<int>(cellRows);
    data.cols = static_cast<int>(cellCols);
    data.tensorRows = static_cast<double>(rows);
    data.tensorCols = static_cast<double>(cols);
    data.values.assign(static_cast<std::size_t>(cellRows * cellCols), 0.0);
    if (rows == 0 || cols == 0) return data;

    // Chunks are whole rows of cells, so no cell is shared between threads.
    const Index rowsPerCell = (rows + cellRows - 1) / cellRows;
    const Index grain = std::max<Index>(1, blockRows(cols) / rowsPerCell);
    std::atomic<Index> done{0};
    const double energy = parallelReduce(
        cellRows, grain, stop, 0.0,
        [&](Index firstCell, Index endCell) {
            double partial = 0.0;
            const Index end = cellBegin(endCell, rows, cellRows);
            for (Index row = cellBegin(firstCell, rows, cellRows); row < end;) {
                throwIfStopped(stop);
                const Index count = std::min(blockRows(cols), end - row);
                Matrix original(count, cols);
                Matrix decoded(count, cols);
                weights.read(row, original.span(), stop);
                quantized.decode(row, decoded.span());
                for (Index r = 0; r < count; ++r) {
                    double* line = data.values.data() + cellOf(row + r, rows, cellRows) * cellCols;
                    for (Index c = 0; c < cols; ++c) {
                        const double value = original(r, c);
                        const double error = value - decoded(r, c);
                        line[cellOf(c, cols, cellCols)] += error * error;
                        partial += value * value;
                    }
                }
                row += count;
                done += count;
                if (progress) progress(static_cast<double>(done) / static_cast<double>(rows));
            }
            return partial;
        },
        [](double& total, double part) { total += part; });

    const double meanSquare = energy / static_cast<double>(rows * cols);
    for (Index r = 0; r < cellRows; ++r) {
        const Index height = cellBegin(r + 1, rows, cellRows) - cellBegin(r, rows, cellRows);
        for (Index c = 0; c < cellCols; ++c) {
            const Index width = cellBegin(c + 1, cols, cellCols) - cellBegin(c, cols, cellCols);
            double& value = data.values[static_cast<std::size_t>(r * cellCols + c)];
            value = value == 0.0
                        ? 0.0
                        : std::sqrt(value / static_cast<double>(height * width) / meanSquare);
        }
    }
    return data;
}

}  // namespace quantscope
