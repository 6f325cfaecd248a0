// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPalette>
#include <QRectF>

class QPainter;

namespace quantscope {

/// The strokes that WorkbenchStyle and painted widgets share.

/// `share` of `top` over `bottom`; both opaque.
QColor blend(const QColor& top, const QColor& bottom, double share);

/// The tint of selected rows: the accent over the ground they lie on.
QColor selectionTint(const QPalette& palette);

/// Corner radius of controls.
inline constexpr double controlRadius = 4.0;

/// A control's ground with a one pixel outline.
void drawPanel(QPainter& painter, const QRectF& rect, const QColor& ground, const QColor& outline,
               double width = 1.0);

/// The ring around the widget that has the keyboard focus.
void drawFocusRing(QPainter& painter, const QRectF& rect, const QPalette& palette);

/// A small angle bracket centred in `rect`, pointing as `arrow` says.
void drawChevron(QPainter& painter, const QRectF& rect, Qt::ArrowType arrow, const QColor& color);

}  // namespace quantscope
