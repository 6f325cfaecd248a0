// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/density_map.h"

#include <algorithm>

namespace quantscope {

QPoint DensityMap::cellAt(const QPointF& position) const {
    const auto index = [](double offset, double extent, int count) {
        return std::clamp(static_cast<int>(offset / extent * count), 0, count - 1);
    };
    return {index(position.x() - area.left(), area.width(), cells.width()),
            index(position.y() - area.top(), area.height(), cells.height())};
}

QRectF DensityMap::cellArea(const QPoint& cell) const {
    const double width = area.width() / cells.width();
    const double height = area.height() / cells.height();
    return {area.left() + cell.x() * width, area.top() + cell.y() * height, width, height};
}

DensityMap countDensity(const DensityRequest& request) {
    DensityMap map;
    map.area = request.area;
    map.cells = request.cells;
    map.counts.assign(static_cast<std::size_t>(request.cells.width()) *
                          static_cast<std::size_t>(request.cells.height()),
                      0);
    const std::vector<QPointF>& points = *request.points;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const QPointF& point = points[i];
        const bool inside = point.x() >= map.area.left() && point.x() <= map.area.right() &&
                            point.y() >= map.area.top() && point.y() <= map.area.bottom();
        if (!inside) continue;
        const QPoint cell = map.cellAt(point);
        std::uint32_t& count = map.counts[static_cast<std::size_t>(cell.y()) *
                                              static_cast<std::size_t>(map.cells.width()) +
                                          static_cast<std::size_t>(cell.x())];
        map.peak = std::max(map.peak, ++count);
        if (map.total++ < request.limit) map.inside.push_back(static_cast<int>(i));
    }
    if (map.total > request.limit) map.inside.clear();
    return map;
}

}  // namespace quantscope
