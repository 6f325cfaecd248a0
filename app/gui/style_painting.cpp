// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/style_painting.h"

#include <QPainter>
#include <QPainterPath>

namespace quantscope {

QColor blend(const QColor& top, const QColor& bottom, double share) {
    const auto mix = [share](int a, int b) {
        return static_cast<int>(a * share + b * (1.0 - share) + 0.5);
    };
    return QColor(mix(top.red(), bottom.red()), mix(top.green(), bottom.green()),
                  mix(top.blue(), bottom.blue()));
}

QColor selectionTint(const QPalette& palette) {
    return blend(palette.color(QPalette::Active, QPalette::Highlight),
                 palette.color(QPalette::Base), 0.2);
}

void drawPanel(QPainter& painter, const QRectF& rect, const QColor& ground, const QColor& outline,
               double width) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(outline, width));
    painter.setBrush(ground);
    const double inset = width / 2.0;
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), controlRadius,
                            controlRadius);
    painter.restore();
}

void drawFocusRing(QPainter& painter, const QRectF& rect, const QPalette& palette) {
    drawPanel(painter, rect, Qt::transparent, palette.color(QPalette::Active, QPalette::Highlight),
              2.0);
}

void drawChevron(QPainter& painter, const QRectF& rect, Qt::ArrowType arrow, const QColor& color) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(rect.center());
    painter.rotate(arrow == Qt::RightArrow  ? 0.0
                   : arrow == Qt::DownArrow ? 90.0
                   : arrow == Qt::LeftArrow ? 180.0
                                            : 270.0);
    constexpr double half = 3.25;
    QPainterPath bracket(QPointF(-half / 2.0, -half));
    bracket.lineTo(half / 2.0, 0.0);
    bracket.lineTo(-half / 2.0, half);
    painter.setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(bracket);
    painter.restore();
}

}  // namespace quantscope
