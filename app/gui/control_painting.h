// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QRectF>

class QPainter;
class QStyleOption;
class QStyleOptionButton;
class QStyleOptionMenuItem;
class QStyleOptionProgressBar;
class QStyleOptionSlider;
class QStyleOptionTab;

namespace quantscope {

/// The pictures of single controls in WorkbenchStyle, each filling `option.rect`.

/// Ground, outline and focus ring of line edits, spin boxes and combo boxes alike.
void drawField(const QStyleOption& option, QPainter& painter);

/// The colour of arrows and other small signs.
QColor mutedColor(const QStyleOption& option);

/// The one button of a panel that stands for its purpose, drawn in the accent colour.
bool isPrimary(const QStyleOptionButton& button);
/// The icon in one colour, for a button of its ground.
QIcon tinted(const QIcon& icon, QSize size, double pixelRatio, const QColor& ink);
void drawPushButton(const QStyleOption& option, QPainter& painter);
void drawToolButtonPanel(const QStyleOption& option, QPainter& painter);
void drawCheckBox(const QStyleOption& option, QPainter& painter);
void drawTab(const QStyleOptionTab& option, QPainter& painter);
/// `underlined`: the letter that opens the menu by key is marked.
void drawMenuBarItem(const QStyleOptionMenuItem& option, QPainter& painter, bool underlined);
/// The track, or the part of it that is done.
void drawProgress(const QStyleOptionProgressBar& option, QPainter& painter, bool groove);
void drawSlider(const QStyleOptionSlider& option, const QRectF& handle, QPainter& painter);
void drawScrollBar(const QStyleOptionSlider& option, const QRect& handle, QPainter& painter);
/// A one pixel line through the middle.
void drawHairline(const QStyleOption& option, QPainter& painter, bool vertical);

}  // namespace quantscope
