// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/control_painting.h"

#include <QPainter>
#include <QStyleOption>
#include <algorithm>

#include "app/gui/style_painting.h"

namespace quantscope {

namespace {

QColor outlineColor(const QStyleOption& option) {
    const QPalette& palette = option.palette;
    if (!(option.state & QStyle::State_Enabled)) return palette.color(QPalette::Mid);
    if (option.state & QStyle::State_MouseOver) {
        return blend(palette.color(QPalette::WindowText), palette.color(QPalette::Dark), 0.4);
    }
    return palette.color(QPalette::Dark);
}

}  // namespace

void drawField(const QStyleOption& option, QPainter& painter) {
    const bool enabled = option.state & QStyle::State_Enabled;
    drawPanel(painter, option.rect,
              option.palette.color(enabled ? QPalette::Base : QPalette::Window),
              outlineColor(option));
    if (enabled && (option.state & QStyle::State_HasFocus)) {
        drawFocusRing(painter, option.rect, option.palette);
    }
}

QColor mutedColor(const QStyleOption& option) {
    return option.palette.color(
        option.state & QStyle::State_Enabled ? QPalette::Active : QPalette::Disabled,
        QPalette::PlaceholderText);
}

bool isPrimary(const QStyleOptionButton& button) {
    return (button.state & QStyle::State_Enabled) &&
           (button.features & QStyleOptionButton::DefaultButton);
}

QIcon tinted(const QIcon& icon, QSize size, double pixelRatio, const QColor& ink) {
    if (icon.isNull()) return icon;
    QPixmap pixmap = icon.pixmap(size, pixelRatio);
    QPainter painter(&pixmap);
    painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
    painter.fillRect(QRect(QPoint(0, 0), size), ink);
    painter.end();
    return pixmap;
}

void drawPushButton(const QStyleOption& option, QPainter& painter) {
    const QPalette& palette = option.palette;
    const bool enabled = option.state & QStyle::State_Enabled;
    const auto* button = qstyleoption_cast<const QStyleOptionButton*>(&option);
    const bool primary = button && isPrimary(*button);
    QColor ground = primary ? palette.color(QPalette::Highlight)
                            : palette.color(enabled ? QPalette::Button : QPalette::Window);
    const QColor ink = palette.color(primary ? QPalette::HighlightedText : QPalette::ButtonText);
    if (option.state & (QStyle::State_Sunken | QStyle::State_On)) {
        ground = blend(ink, ground, 0.16);
    } else if (enabled && (option.state & QStyle::State_MouseOver)) {
        ground = blend(ink, ground, 0.08);
    }
    drawPanel(painter, option.rect, ground, primary ? ground : outlineColor(option));
}

void drawToolButtonPanel(const QStyleOption& option, QPainter& painter) {
    const QColor ink = option.palette.color(QPalette::WindowText);
    const double strength =
        option.state & (QStyle::State_Sunken | QStyle::State_On)                             ? 0.14
        : (option.state & QStyle::State_MouseOver) && (option.state & QStyle::State_Enabled) ? 0.07
                                                                                             : 0.0;
    if (strength == 0.0) return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    QColor ground = ink;
    ground.setAlphaF(static_cast<float>(strength));
    painter.setBrush(ground);
    painter.drawRoundedRect(option.rect, controlRadius, controlRadius);
    painter.restore();
}

void drawCheckBox(const QStyleOption& option, QPainter& painter) {
    const QPalette& palette = option.palette;
    const bool enabled = option.state & QStyle::State_Enabled;
    const bool marked = option.state & (QStyle::State_On | QStyle::State_NoChange);
    const QColor accent = enabled ? palette.color(QPalette::Active, QPalette::Highlight)
                                  : palette.color(QPalette::Disabled, QPalette::WindowText);
    const QRectF box = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
    drawPanel(painter, box,
              marked ? accent : palette.color(enabled ? QPalette::Base : QPalette::Window),
              marked ? accent : outlineColor(option));
    if (!marked) return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(palette.color(enabled ? QPalette::HighlightedText : QPalette::Window), 1.6,
                        Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const auto at = [&box](double x, double y) {
        return QPointF(box.x() + x * box.width(), box.y() + y * box.height());
    };
    if (option.state & QStyle::State_NoChange) {
        painter.drawLine(at(0.27, 0.5), at(0.73, 0.5));
    } else {
        painter.drawPolyline(QPolygonF() << at(0.25, 0.52) << at(0.43, 0.70) << at(0.76, 0.32));
    }
    painter.restore();
}

void drawTab(const QStyleOptionTab& option, QPainter& painter) {
    const QPalette& palette = option.palette;
    const QRect rect = option.rect;
    if (option.state & QStyle::State_Selected) {
        painter.fillRect(QRect(rect.left(), rect.bottom() - 1, rect.width(), 2),
                         palette.color(QPalette::Active, QPalette::Highlight));
    } else if (option.state & QStyle::State_MouseOver) {
        painter.fillRect(rect, blend(palette.color(QPalette::WindowText),
                                     palette.color(QPalette::Window), 0.05));
    }
}

void drawMenuBarItem(const QStyleOptionMenuItem& option, QPainter& painter, bool underlined) {
    const QPalette& palette = option.palette;
    const bool enabled = option.state & QStyle::State_Enabled;
    painter.fillRect(option.rect, palette.color(QPalette::Window));
    if (enabled && (option.state & (QStyle::State_Selected | QStyle::State_Sunken))) {
        painter.fillRect(option.rect, selectionTint(palette));
    }
    painter.setPen(
        palette.color(enabled ? QPalette::Active : QPalette::Disabled, QPalette::WindowText));
    painter.drawText(option.rect,
                     Qt::AlignCenter | Qt::TextSingleLine | Qt::TextDontClip |
                         (underlined ? Qt::TextShowMnemonic : Qt::TextHideMnemonic),
                     option.text);
}

void drawProgress(const QStyleOptionProgressBar& option, QPainter& painter, bool groove) {
    const QRectF rect = option.rect;
    const QRectF track(rect.x(), rect.center().y() - 2.0, rect.width(), 4.0);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    if (groove) {
        painter.setBrush(option.palette.color(QPalette::Mid));
        painter.drawRoundedRect(track, 2.0, 2.0);
    } else {
        const double span = static_cast<double>(option.maximum) - option.minimum;
        const double share =
            span > 0 ? std::clamp((static_cast<double>(option.progress) - option.minimum) / span,
                                  0.0, 1.0)
                     : 1.0;
        if (share > 0.0) {
            painter.setBrush(option.palette.color(QPalette::Active, QPalette::Highlight));
            painter.drawRoundedRect(
                QRectF(track.topLeft(), QSizeF(std::max(4.0, track.width() * share), 4.0)), 2.0,
                2.0);
        }
    }
    painter.restore();
}

void drawSlider(const QStyleOptionSlider& option, const QRectF& handle, QPainter& painter) {
    const QPalette& palette = option.palette;
    const bool enabled = option.state & QStyle::State_Enabled;
    const QColor accent = enabled ? palette.color(QPalette::Active, QPalette::Highlight)
                                  : palette.color(QPalette::Mid);
    const QRectF rect = option.rect;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const QRectF track(rect.x() + 2.0, rect.center().y() - 1.5, rect.width() - 4.0, 3.0);
    painter.setBrush(palette.color(QPalette::Mid));
    painter.drawRoundedRect(track, 1.5, 1.5);
    painter.setBrush(accent);
    painter.drawRoundedRect(
        QRectF(track.topLeft(), QSizeF(handle.center().x() - track.x(), track.height())), 1.5, 1.5);
    const double side = std::min(handle.width(), handle.height());
    QRectF knob(0.0, 0.0, side - 2.0, side - 2.0);
    knob.moveCenter(handle.center());
    painter.setBrush(accent);
    painter.setPen(QPen(palette.color(QPalette::Base), 1.5));
    painter.drawEllipse(knob);
    if (option.state & QStyle::State_HasFocus) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(accent, 2.0));
        painter.drawEllipse(knob.adjusted(-2.0, -2.0, 2.0, 2.0));
    }
    painter.restore();
}

void drawScrollBar(const QStyleOptionSlider& option, const QRect& handle, QPainter& painter) {
    if (handle.isEmpty() || option.minimum == option.maximum) return;
    const bool hot = option.state & (QStyle::State_MouseOver | QStyle::State_Sunken);
    QColor color = option.palette.color(QPalette::WindowText);
    color.setAlphaF(hot ? 0.5F : 0.28F);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(QRectF(handle).adjusted(2.0, 2.0, -2.0, -2.0), 3.0, 3.0);
    painter.restore();
}

void drawHairline(const QStyleOption& option, QPainter& painter, bool vertical) {
    const QColor color = option.palette.color(QPalette::Mid);
    const QRect rect = option.rect;
    if (vertical) {
        painter.fillRect(QRect(rect.center().x(), rect.top(), 1, rect.height()), color);
    } else {
        painter.fillRect(QRect(rect.left(), rect.center().y(), rect.width(), 1), color);
    }
}

}  // namespace quantscope
