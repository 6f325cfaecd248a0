// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/label_placer.h"

#include <QLineF>
#include <QTransform>
#include <algorithm>
#include <array>

namespace quantscope {

namespace {

QPolygonF turnedBox(const QPointF& center, const QSizeF& size, double degrees) {
    QTransform transform;
    transform.translate(center.x(), center.y());
    transform.rotate(degrees);
    return transform.map(
        QPolygonF(QRectF(-0.5 * size.width(), -0.5 * size.height(), size.width(), size.height())));
}

}  // namespace

void LabelPlacer::block(const QPolygonF& shape) {
    const QRectF bounds = shape.boundingRect();
    if (bounds.intersects(m_area)) m_taken.push_back({bounds, shape});
}

void LabelPlacer::block(const QRectF& rect) {
    if (rect.intersects(m_area)) m_taken.push_back({rect, {}});
}

void LabelPlacer::blockLine(const std::vector<QPointF>& points, double width) {
    for (std::size_t i = 1; i < points.size(); ++i) {
        const QLineF segment(points[i - 1], points[i]);
        if (segment.length() <= 0.0) continue;
        QLineF normal = segment.normalVector();
        normal.setLength(0.5 * width);
        const QPointF side = normal.p2() - normal.p1();
        block(QPolygonF{segment.p1() + side, segment.p2() + side, segment.p2() - side,
                        segment.p1() - side});
    }
}

bool LabelPlacer::isFree(const QPolygonF& shape) const {
    const QRectF bounds = shape.boundingRect();
    if (!m_area.contains(bounds)) return false;
    return std::ranges::none_of(m_taken, [&](const Taken& taken) {
        if (!taken.bounds.intersects(bounds)) return false;
        return (taken.shape.isEmpty() ? QPolygonF(taken.bounds) : taken.shape).intersects(shape);
    });
}

bool LabelPlacer::place(const QPolygonF& shape) {
    if (!isFree(shape)) return false;
    block(shape);
    return true;
}

std::optional<LabelPlacer::Place> LabelPlacer::placeAlong(const std::vector<QPointF>& line,
                                                          const QSizeF& size, double gap,
                                                          bool below) {
    static constexpr std::array fractions = {0.92, 0.84, 0.76, 0.68, 0.6,  0.52,
                                             0.44, 0.36, 0.28, 0.2,  0.12, 0.06};
    const double side = below ? 1.0 : -1.0;
    std::vector<QLineF> pieces;  // What is in view.
    double length = 0.0;
    for (std::size_t i = 1; i < line.size(); ++i) {
        const QLineF piece(line[i - 1], line[i]);
        const QRectF bounds = QRectF(piece.p1(), piece.p2()).normalized();
        if (piece.length() <= 0.0 || !m_area.intersects(bounds.adjusted(-1, -1, 1, 1))) continue;
        pieces.push_back(piece);
        length += piece.length();
    }
    enum class Way { Preferred, Opposite, Upright };
    for (const Way way : {Way::Preferred, Way::Opposite, Way::Upright}) {
        for (const double fraction : fractions) {
            double ahead = fraction * length;
            auto piece = pieces.begin();
            while (piece != pieces.end() && ahead > piece->length())
                ahead -= piece++->length();
            if (piece == pieces.end()) continue;
            double degrees = way == Way::Upright ? 0.0 : -piece->angle();
            while (degrees < -90.0)
                degrees += 180.0;
            while (degrees > 90.0)
                degrees -= 180.0;
            const double away = side * (0.5 * size.height() + gap);
            QPointF offset(way == Way::Upright ? -0.5 * size.width() - gap : 0.0,
                           way == Way::Opposite ? -away : away);
            offset = QTransform().rotate(degrees).map(offset);
            const QPointF center = piece->pointAt(ahead / piece->length()) + offset;
            if (place(turnedBox(center, size, degrees))) return Place{center, degrees};
        }
    }
    return std::nullopt;
}

std::optional<LabelPlacer::Place> LabelPlacer::placeLevel(const QSizeF& size, double left,
                                                          double y) {
    for (const double lines : {0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5}) {
        const QPointF center(left + 0.5 * size.width(), y + lines * size.height());
        if (place(turnedBox(center, size, 0.0))) return Place{center, 0.0};
    }
    return std::nullopt;
}

std::optional<LabelPlacer::Place> LabelPlacer::placeBeside(const QRectF& mark, const QSizeF& size,
                                                           double gap, bool below) {
    const double dx = 0.5 * (mark.width() + size.width()) + gap;
    const double dy = 0.5 * (mark.height() + size.height()) + gap;
    const double slight = 0.35 * dy;
    const double down = below ? 1.0 : -1.0;
    const std::array offsets = {
        QPointF(-dx, down * slight), QPointF(-dx, down * dy), QPointF(0.0, down * dy),
        QPointF(dx, -down * slight), QPointF(dx, -down * dy), QPointF(0.0, -down * dy),
        QPointF(dx, down * dy),
    };
    for (const QPointF& offset : offsets) {
        const QPointF center = mark.center() + offset;
        if (place(turnedBox(center, size, 0.0))) return Place{center, 0.0};
    }
    return std::nullopt;
}

}  // namespace quantscope
