// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/ledger_bar.h"

#include <QEvent>
#include <QPainter>

#include "app/gui/qt_text.h"
#include "app/plots/family_mark.h"

namespace quantscope {

namespace {

constexpr int barHeight = 12;
constexpr int gap = 4;
constexpr int swatch = 8;

QString sentenceCase(std::string_view text) {
    QString words = qtText(text);
    if (!words.isEmpty()) words[0] = words.at(0).toUpper();
    return words;
}

}  // namespace

LedgerBar::LedgerBar(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Bits per weight by part"));
}

void LedgerBar::setLedger(const RateLedger& ledger, Index weights) {
    m_parts.clear();
    QStringList description;
    for (const RatePart part : allRateParts) {
        const double bits = ledger.bitsPerWeight(part, weights);
        if (bits <= 0.0) continue;
        m_parts.push_back({part, bits});
        description << QStringLiteral("%1 %2").arg(sentenceCase(ratePartName(part)),
                                                   shortNumber(bits));
    }
    m_total = ledger.bitsPerWeight(weights);
    setAccessibleDescription(description.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

int LedgerBar::lineHeight() const {
    return fontMetrics().height() + gap;
}

QSize LedgerBar::sizeHint() const {
    return {160, barHeight + gap + lineHeight() * static_cast<int>(m_parts.size())};
}

QSize LedgerBar::minimumSizeHint() const {
    return sizeHint();
}

void LedgerBar::paintEvent(QPaintEvent*) {
    if (m_total <= 0.0) return;
    QPainter painter(this);
    const PlotStyle style = PlotStyle::forWindow(palette(), font());
    double x = 0.0;
    int y = barHeight + gap;
    for (const Part& part : m_parts) {
        const QColor color = ratePartColor(part.part, style);
        const double width = this->width() * part.bitsPerWeight / m_total;
        painter.fillRect(QRectF(x, 0.0, std::max(width, 1.0), barHeight), color);
        x += width;
        const QRect line(0, y, this->width(), lineHeight());
        painter.fillRect(QRect(0, line.center().y() - swatch / 2, swatch, swatch), color);
        painter.setPen(palette().color(QPalette::WindowText));
        painter.drawText(line.adjusted(swatch + 8, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         sentenceCase(ratePartName(part.part)));
        painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, shortNumber(part.bitsPerWeight));
        y += lineHeight();
    }
}

void LedgerBar::changeEvent(QEvent* event) {
    if (event->type() == QEvent::FontChange) updateGeometry();
    QWidget::changeEvent(event);
}

}  // namespace quantscope
