// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <QRectF>
#include <QSize>
#include <cstdint>
#include <memory>
#include <vector>

namespace quantscope {

/// How many points lie in each cell of a grid over the visible part of a plot.
struct DensityMap {
    QRectF area;  ///< In the coordinates of the points; y grows upwards.
    QSize cells;
    std::vector<std::uint32_t> counts;  ///< Row-major; row 0 has the smallest y.
    std::uint32_t peak = 0;             ///< Greatest count of a cell.
    std::vector<int> inside;            ///< The points in the area if they are at most `limit`.
    std::size_t total = 0;              ///< Points in the area.

    std::uint32_t at(int column, int row) const {
        return counts[static_cast<std::size_t>(row) * static_cast<std::size_t>(cells.width()) +
                      static_cast<std::size_t>(column)];
    }
    /// Grid column and row of a position, which must lie in the area.
    QPoint cellAt(const QPointF& position) const;
    QRectF cellArea(const QPoint& cell) const;
};

/// What to count; immutable, so that it can be counted on any thread.
struct DensityRequest {
    std::shared_ptr<const std::vector<QPointF>> points;  ///< Those with a NaN lie in no cell.
    QRectF area;
    QSize cells;
    std::size_t limit = 0;
};
DensityMap countDensity(const DensityRequest& request);

}  // namespace quantscope
