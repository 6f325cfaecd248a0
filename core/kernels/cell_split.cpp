// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/cell_split.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <vector>

#include "core/base/parallel.h"

namespace quantscope {
namespace {

// A cell: its codeword and its rows, a range of an array of row numbers.
struct Cell {
    std::uint32_t codeword = 0;
    std::span<std::uint32_t> rows;
    double distortion = 0.0;

    bool operator<(const Cell& other) const {
        return distortion != other.distortion ? distortion < other.distortion
                                              : codeword > other.codeword;
    }
};

class CellSplitter {
public:
    CellSplitter(MatrixView x, std::span<const float> weights, MatrixSpan centroids,
                 const std::stop_token& stop)
        : m_x(x), m_weights(weights), m_centroids(centroids), m_stop(stop) {}

    // Puts the codeword at the mean of the cell's rows.
    void moveToMean(const Cell& cell) const {
        const std::span<float> centroid = m_centroids.row(static_cast<Index>(cell.codeword));
        std::vector<double> sums(centroid.size());
        double mass = 0.0;
        forEachRow(cell, [&](std::uint32_t row) {
            mass += weight(row);
            for (std::size_t j = 0; j < sums.size(); ++j) {
                sums[j] += weight(row) * static_cast<double>(values(row)[j]);
            }
        });
        for (std::size_t j = 0; j < sums.size(); ++j) {
            centroid[j] = static_cast<float>(sums[j] / mass);
        }
    }

    double distortion(const Cell& cell) const {
        double sum = 0.0;
        std::vector<double> offset(static_cast<std::size_t>(m_x.cols));
        forEachRow(cell, [&](std::uint32_t row) {
            offsetFromCentroid(cell, row, offset);
            sum += weight(row) * dot(offset, offset);
        });
        return sum;
    }

    // Sorts the cell's rows into those behind and those before the plane through the centroid,
    // across the main axis; returns how many are behind.
    std::size_t cut(const Cell& cell) const {
        const std::vector<double> axis = mainAxis(cell);
        std::vector<double> offset(axis.size());
        const auto ahead =
            std::stable_partition(cell.rows.begin(), cell.rows.end(), [&](std::uint32_t row) {
                offsetFromCentroid(cell, row, offset);
                return dot(offset, axis) <= 0.0;
            });
        return static_cast<std::size_t>(ahead - cell.rows.begin());
    }

private:
    template <typename Visit>
    void forEachRow(const Cell& cell, const Visit& visit) const {
        constexpr std::size_t rowsPerCheck = 256;
        for (std::size_t i = 0; i < cell.rows.size(); ++i) {
            if (i % rowsPerCheck == 0) throwIfStopped(m_stop);
            visit(cell.rows[i]);
        }
    }

    double weight(std::uint32_t row) const {
        return m_weights.empty() ? 1.0 : static_cast<double>(m_weights[row]);
    }

    std::span<const float> values(std::uint32_t row) const {
        return m_x.row(static_cast<Index>(row));
    }

    void offsetFromCentroid(const Cell& cell, std::uint32_t row,
                            std::vector<double>& offset) const {
        const std::span<const float> x = values(row);
        const std::span<const float> centroid = m_centroids.row(static_cast<Index>(cell.codeword));
        for (std::size_t j = 0; j < offset.size(); ++j) {
            offset[j] = static_cast<double>(x[j]) - static_cast<double>(centroid[j]);
        }
    }

    static double dot(const std::vector<double>& a, const std::vector<double>& b) {
        double sum = 0.0;
        for (std::size_t j = 0; j < a.size(); ++j)
            sum += a[j] * b[j];
        return sum;
    }

    // First principal axis by power iteration from the row farthest out. A few steps do: any axis
    // along which the rows spread widely cuts the distortion.
    std::vector<double> mainAxis(const Cell& cell) const {
        constexpr int steps = 6;
        std::vector<double> axis(static_cast<std::size_t>(m_x.cols));
        std::vector<double> offset(axis.size());
        double farthest = -1.0;
        forEachRow(cell, [&](std::uint32_t row) {
            offsetFromCentroid(cell, row, offset);
            const double squaredDistance = dot(offset, offset);
            if (squaredDistance > farthest) {
                farthest = squaredDistance;
                axis = offset;
            }
        });
        for (int step = 0; step < steps; ++step) {
            std::vector<double> next(axis.size());
            forEachRow(cell, [&](std::uint32_t row) {
                offsetFromCentroid(cell, row, offset);
                const double along = weight(row) * dot(offset, axis);
                for (std::size_t j = 0; j < next.size(); ++j)
                    next[j] += along * offset[j];
            });
            const double length = std::sqrt(dot(next, next));
            if (!(length > 0.0)) break;
            for (double& part : next)
                part /= length;
            axis = std::move(next);
        }
        return axis;
    }

    MatrixView m_x;
    std::span<const float> m_weights;
    MatrixSpan m_centroids;
    const std::stop_token& m_stop;
};

// The rows with weight of every cell, as ranges of `order`, by counting sort.
std::vector<Cell> cellsOf(std::span<const std::uint32_t> codes, std::span<const float> weights,
                          Index count, std::vector<std::uint32_t>& order) {
    const auto counts = [&](std::size_t row) { return weights.empty() || weights[row] > 0.0F; };
    std::vector<std::size_t> begin(static_cast<std::size_t>(count) + 1);
    for (std::size_t row = 0; row < codes.size(); ++row) {
        if (counts(row)) ++begin[codes[row] + 1];
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    order.resize(begin.back());
    std::vector<Cell> cells(static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < cells.size(); ++k) {
        cells[k].codeword = static_cast<std::uint32_t>(k);
        cells[k].rows = std::span(order).subspan(begin[k], begin[k + 1] - begin[k]);
    }
    for (std::size_t row = 0; row < codes.size(); ++row) {
        if (counts(row)) order[begin[codes[row]]++] = static_cast<std::uint32_t>(row);
    }
    return cells;
}

}  // namespace

Index reviveEmptyCells(MatrixView x, std::span<const float> weights,
                       std::span<const std::uint32_t> codes, MatrixSpan centroids,
                       const std::stop_token& stop) {
    std::vector<std::uint32_t> order;
    std::vector<Cell> cells = cellsOf(codes, weights, centroids.rows, order);
    const CellSplitter splitter(x, weights, centroids, stop);
    constexpr Index cellsPerChunk = 16;
    parallelFor(centroids.rows, cellsPerChunk, stop, [&](Index begin, Index end) {
        for (Index k = begin; k < end; ++k) {
            Cell& cell = cells[static_cast<std::size_t>(k)];
            cell.distortion = splitter.distortion(cell);
        }
    });
    std::priority_queue<Cell> worst(cells.begin(), cells.end());
    Index revived = 0;
    for (const Cell& empty : cells) {
        if (!empty.rows.empty()) continue;
        bool done = false;
        while (!done && !worst.empty() && worst.top().distortion > 0.0) {
            Cell near = worst.top();
            worst.pop();
            const std::size_t behind = splitter.cut(near);
            if (behind == 0 || behind == near.rows.size()) continue;
            Cell far{empty.codeword, near.rows.subspan(behind)};
            near.rows = near.rows.first(behind);
            for (Cell* half : {&near, &far}) {
                splitter.moveToMean(*half);
                half->distortion = splitter.distortion(*half);
                worst.push(*half);
            }
            ++revived;
            done = true;
        }
        if (!done) break;
    }
    return revived;
}

}  // namespace quantscope
