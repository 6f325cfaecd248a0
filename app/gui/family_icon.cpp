// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/family_icon.h"

#include <QGuiApplication>
#include <QPixmap>

#include "app/plots/family_mark.h"

namespace quantscope {

QIcon familyIcon(const QString& family, const QPalette& palette) {
    constexpr int side = 16;
    const double ratio = qGuiApp->devicePixelRatio();
    QPixmap pixmap(QSize(side, side) * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QCPPainter painter(&pixmap);
    painter.setAntialiasing(true);
    const PlotStyle style = PlotStyle::forWindow(palette, QGuiApplication::font());
    QCPScatterStyle mark = scatterStyle(familyMark(family), MarkState::Front, style);
    mark.setSize(9.0);
    mark.applyTo(&painter, QPen(familyMark(family).color));
    mark.drawShape(&painter, QPointF(side / 2.0, side / 2.0));
    painter.end();
    return QIcon(pixmap);
}

}  // namespace quantscope
