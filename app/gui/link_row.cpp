// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/link_row.h"

#include <QIcon>
#include <QPainter>

#include "app/gui/style_painting.h"

namespace quantscope {

namespace {
constexpr int padding = 8;
constexpr int iconSide = 16;
}  // namespace

LinkRow::LinkRow(const QIcon& icon, const QString& title, const QString& description,
                 QWidget* parent)
    : QAbstractButton(parent), m_description(description) {
    setIcon(icon);
    setText(title);
    setToolTip(description);
    setAccessibleName(title);
    setAccessibleDescription(description);
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize LinkRow::sizeHint() const {
    const int lines = m_description.isEmpty() ? 1 : 2;
    return {fontMetrics().averageCharWidth() * 40, lines * fontMetrics().height() + 2 * padding};
}

QSize LinkRow::minimumSizeHint() const {
    return {fontMetrics().averageCharWidth() * 20, sizeHint().height()};
}

void LinkRow::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    if (underMouse() || isDown()) {
        drawPanel(painter, rect(),
                  blend(palette().color(QPalette::WindowText), palette().color(QPalette::Window),
                        isDown() ? 0.1 : 0.05),
                  Qt::transparent);
    }
    if (hasFocus()) drawFocusRing(painter, rect(), palette());
    const int lineHeight = fontMetrics().height();
    const QRect texts = rect().adjusted(padding + iconSide + padding, padding, -padding, -padding);
    icon().paint(&painter,
                 QRect(padding, padding + (lineHeight - iconSide) / 2, iconSide, iconSide));
    painter.setPen(palette().color(QPalette::Link));
    painter.drawText(QRect(texts.topLeft(), QSize(texts.width(), lineHeight)),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     fontMetrics().elidedText(text(), Qt::ElideMiddle, texts.width()));
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(QRect(texts.left(), texts.top() + lineHeight, texts.width(), lineHeight),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     fontMetrics().elidedText(m_description, Qt::ElideRight, texts.width()));
}

}  // namespace quantscope
