// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPolygonF>
#include <QRectF>
#include <optional>
#include <vector>

namespace quantscope {

/// Keeps labels apart: knows the convex shapes that are taken and grants a new one only where it is
/// free. What is placed first has priority.
class LabelPlacer {
public:
    /// A label of the size that was asked for, turned around its centre.
    struct Place {
        QPointF center;
        double degrees = 0.0;
    };

    /// Labels must lie inside `area`.
    explicit LabelPlacer(const QRectF& area) : m_area(area) {}

    /// Takes space without asking: marks, lines.
    void block(const QPolygonF& shape);
    void block(const QRectF& rect);
    /// Blocks a line of some width, segment by segment.
    void blockLine(const std::vector<QPointF>& points, double width);

    /// Takes the space if it is free, and says whether it was.
    bool place(const QPolygonF& shape);

    /// Finds room beside a line and takes it: turned with the line, below it first if `below`, else
    /// above, rather near its right end; or upright at the left of the line on that side.
    std::optional<Place> placeAlong(const std::vector<QPointF>& line, const QSizeF& size,
                                    double gap, bool below);
    /// Finds room for text that begins at `left`, on the level of `y` or near it, and takes it.
    std::optional<Place> placeLevel(const QSizeF& size, double left, double y);
    /// Finds room around a mark and takes it; tries below first if `below`, else above.
    std::optional<Place> placeBeside(const QRectF& mark, const QSizeF& size, double gap,
                                     bool below);

private:
    struct Taken {
        QRectF bounds;
        QPolygonF shape;  // Empty for an upright rectangle.
    };
    bool isFree(const QPolygonF& shape) const;

    QRectF m_area;
    std::vector<Taken> m_taken;
};

}  // namespace quantscope
