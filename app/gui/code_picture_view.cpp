// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/code_picture_view.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>
#include <limits>

#include "app/gui/qt_text.h"
#include "app/gui/style_painting.h"
#include "app/plots/family_mark.h"

namespace quantscope {

namespace {

constexpr int lineHeight = 84;
constexpr int planeHeight = 148;
constexpr int gap = 4;
constexpr double margin = 8.0;

struct Brushes {
    QColor values;
    QColor codes;
    QColor text;
    QColor axis;
};

Brushes brushesFor(const PlotStyle& style, const QString& family, bool stale) {
    const QColor codes = style.readable(familyMark(family).color);
    return {style.faded(style.secondaryText, 0.5), stale ? style.faded(codes) : codes,
            style.secondaryText, style.axis};
}

// The least box about all codes and the origin.
QRectF boxOf(const CodePicture& picture) {
    double left = 0.0;
    double right = 0.0;
    double top = 0.0;
    double bottom = 0.0;
    for (const QPointF& point : picture.points) {
        left = std::min(left, point.x());
        right = std::max(right, point.x());
        top = std::min(top, point.y());
        bottom = std::max(bottom, point.y());
    }
    return {left, top, right - left, bottom - top};
}

// The largest of 1, 2, 5, 10, ... times a power of ten that is no longer than `most`.
double roundLength(double most) {
    const double decade = std::pow(10.0, std::floor(std::log10(most)));
    for (const double digit : {5.0, 2.0}) {
        if (digit * decade <= most) return digit * decade;
    }
    return decade;
}

// A line of round length at the lower right, which says how large the picture is.
void drawScale(QPainter& painter, const QRectF& area, double scale, const QColor& color) {
    constexpr double longest = 60.0;
    const double length = roundLength(longest / scale);
    const QPointF end = area.bottomRight();
    painter.setPen(QPen(color, 1.0));
    painter.drawLine(end - QPointF(length * scale, 0.0), end);
    painter.drawText(area.adjusted(0.0, 0.0, 0.0, -2.0), Qt::AlignRight | Qt::AlignBottom,
                     shortNumber(length));
}

void drawPoints(QPainter& painter, const QRectF& area, const CodePicture& picture,
                const Brushes& brushes) {
    const QRectF box = boxOf(picture);
    // Points on the border are seen whole.
    constexpr double air = 4.0;
    const double width = area.width() - 2.0 * air;
    const double height = area.height() - 2.0 * air;
    const double least = std::numeric_limits<float>::min();
    // Both axes have the same scale.
    const double scale =
        std::min(width / std::max(box.width(), least), height / std::max(box.height(), least));
    const auto place = [&](const QPointF& point) {
        return QPointF(area.center().x() + (point.x() - box.center().x()) * scale,
                       area.center().y() - (point.y() - box.center().y()) * scale);
    };
    painter.setPen(QPen(brushes.axis, 1.0));
    painter.drawLine(place({box.left(), 0.0}), place({box.right(), 0.0}));
    painter.drawLine(place({0.0, box.top()}), place({0.0, box.bottom()}));
    painter.setPen(Qt::NoPen);
    const auto drawDots = [&](const std::vector<QPointF>& points, const QColor& color,
                              double radius) {
        painter.setBrush(color);
        for (const QPointF& point : points) {
            const QPointF at = place(point);
            if (area.contains(at)) painter.drawEllipse(at, radius, radius);
        }
    };
    drawDots(picture.values, brushes.values, 1.0);
    constexpr std::size_t crowd = 600;
    drawDots(picture.points, brushes.codes, picture.points.size() > crowd ? 1.0 : 2.0);
    drawScale(painter, area, scale, brushes.text);
}

void drawLevels(QPainter& painter, const QRectF& area, const LevelsData& data,
                const Brushes& brushes) {
    const double textHeight = painter.fontMetrics().height();
    const auto bins = static_cast<double>(data.weightDensity.size());
    const double low = std::min(data.low, data.levels.front());
    const double high = std::max(data.low + bins * data.binWidth, data.levels.back());
    const double width = high > low ? high - low : 1.0;
    const QRectF plot = area.adjusted(0.0, 0.0, 0.0, -textHeight);
    const auto x = [&](double value) { return plot.left() + (value - low) / width * plot.width(); };
    const double most = data.weightDensity.empty() ? 0.0 : std::ranges::max(data.weightDensity);
    // Ticks take the lowest quarter, so that they are seen where values are many.
    const double base = plot.bottom() - plot.height() / 4.0;
    if (most > 0.0) {
        QPainterPath hill(QPointF(x(data.low), base));
        for (std::size_t bin = 0; bin < data.weightDensity.size(); ++bin) {
            const double y = base - data.weightDensity[bin] / most * (base - plot.top());
            hill.lineTo(x(data.low + static_cast<double>(bin) * data.binWidth), y);
            hill.lineTo(x(data.low + static_cast<double>(bin + 1) * data.binWidth), y);
        }
        hill.lineTo(x(data.low + bins * data.binWidth), base);
        painter.fillPath(hill, brushes.values);
    }
    painter.setPen(QPen(brushes.axis, 1.0));
    painter.drawLine(QPointF(plot.left(), base), QPointF(plot.right(), base));
    painter.setPen(QPen(brushes.codes, data.levels.size() > 64 ? 1.0 : 1.5));
    for (const double level : data.levels)
        painter.drawLine(QPointF(x(level), base + 2.0), QPointF(x(level), plot.bottom()));
    painter.setPen(brushes.text);
    painter.drawText(area, Qt::AlignLeft | Qt::AlignBottom, shortNumber(low));
    painter.drawText(area, Qt::AlignRight | Qt::AlignBottom, shortNumber(high));
    if (low < 0.0 && high > 0.0) {
        const QRectF zero(x(0.0) - textHeight, area.bottom() - textHeight, 2.0 * textHeight,
                          textHeight);
        painter.drawText(zero, Qt::AlignCenter, QStringLiteral("0"));
    }
}

}  // namespace

CodePictureView::CodePictureView(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("codePicture"));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setSizePolicy(policy);
    setAccessibleName(tr("Levels or code points of the method"));
}

void CodePictureView::setPicture(const CodePicture& picture, const QString& family,
                                 const QString& of) {
    m_picture = picture;
    m_family = family;
    m_caption = picture.caption;
    m_stale = false;
    const QString whole = tr("%1: %2").arg(of, picture.caption);
    setAccessibleDescription(whole);
    setToolTip(whole);
    updateGeometry();
    update();
}

void CodePictureView::setReason(const QString& reason) {
    m_picture = {};
    m_caption = reason;
    m_stale = false;
    setAccessibleDescription(reason);
    setToolTip(reason);
    updateGeometry();
    update();
}

void CodePictureView::setStale(bool stale) {
    m_stale = stale;
    update();
}

QSize CodePictureView::sizeHint() const {
    const int caption = fontMetrics().height();
    switch (m_picture.kind) {
        case CodePicture::Kind::Levels:
            return {200, lineHeight + gap + caption};
        case CodePicture::Kind::Points:
            return {200, planeHeight + gap + caption};
        case CodePicture::Kind::None:
            break;
    }
    return {200, caption};
}

QSize CodePictureView::minimumSizeHint() const {
    return {120, sizeHint().height()};
}

QRectF CodePictureView::ground() const {
    return QRectF(rect()).adjusted(0.0, 0.0, 0.0, -fontMetrics().height() - gap);
}

void CodePictureView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const PlotStyle style = PlotStyle::forWindow(palette(), font());
    const Brushes brushes = brushesFor(style, m_family, m_stale);
    const QRectF caption(0.0, height() - fontMetrics().height(), width(), fontMetrics().height());
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(caption, Qt::AlignLeft | Qt::AlignVCenter,
                     fontMetrics().elidedText(m_caption, Qt::ElideRight, width()));
    if (m_picture.kind == CodePicture::Kind::None) return;
    drawPanel(painter, ground(), palette().color(QPalette::Base), palette().color(QPalette::Mid));
    const QRectF area = ground().adjusted(margin, margin, -margin, -margin);
    painter.setFont(style.smallFont);
    if (m_picture.kind == CodePicture::Kind::Levels) {
        drawLevels(painter, area, m_picture.levels, brushes);
    } else {
        drawPoints(painter, area, m_picture, brushes);
    }
}

void CodePictureView::changeEvent(QEvent* event) {
    if (event->type() == QEvent::FontChange) updateGeometry();
    QWidget::changeEvent(event);
}

}  // namespace quantscope
