// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/flow_strip.h"

#include <QFontInfo>
#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

bool hasSymbol(const StripEntry& entry) {
    return !entry.marker.isNone() || entry.line.style() != Qt::NoPen ||
           entry.swatch.style() != Qt::NoBrush;
}

// Breaks text at spaces; the lines but the last are as long as fits.
QStringList wordLines(const QString& text, const QFontMetricsF& metrics, double width) {
    QStringList lines;
    for (const QString& word : text.split(u' ', Qt::SkipEmptyParts)) {
        const QString longer = lines.isEmpty() ? word : lines.last() + u' ' + word;
        if (!lines.isEmpty() && metrics.horizontalAdvance(longer) <= width) {
            lines.last() = longer;
        } else {
            lines.append(word);
        }
    }
    return lines;
}

}  // namespace

FlowStrip::FlowStrip(QCustomPlot* plot) : QCPLayoutElement(plot) {
    setMinimumMargins(QMargins());
}

void FlowStrip::setEntries(std::vector<StripEntry> entries) {
    m_entries = std::move(entries);
}

void FlowStrip::setFont(const QFont& font, const QColor& color) {
    m_font = font;
    m_color = color;
}

void FlowStrip::setPadding(int above, int below) {
    m_above = above;
    m_below = below;
}

double FlowStrip::availableWidth() const {
    return mParentPlot->viewport().width() - margins().left() - margins().right();
}

std::vector<FlowStrip::Place> FlowStrip::layOut(double width) const {
    const QFontMetricsF metrics(m_font);
    const double em = QFontInfo(m_font).pixelSize();
    const double lineHeight = metrics.height();
    std::vector<Place> places;
    double x = 0.0;
    double y = 0.0;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const StripEntry& entry = m_entries[i];
        double symbolWidth = 0.0;
        if (hasSymbol(entry)) {
            symbolWidth = (entry.line.style() != Qt::NoPen ? 1.6 : entry.swatchEms) * em;
        }
        const double gap = symbolWidth > 0.0 ? 0.4 * em : 0.0;
        const double room = std::max(0.0, width - symbolWidth - gap);
        const QStringList lines =
            symbolWidth > 0.0 ? QStringList(entry.text) : wordLines(entry.text, metrics, room);
        for (const QString& line : lines) {
            const QString words = metrics.elidedText(line, Qt::ElideRight, room);
            const double textWidth = std::ceil(metrics.horizontalAdvance(words)) + 1.0;
            if (x > 0.0 && x + symbolWidth + gap + textWidth > width) {
                x = 0.0;
                y += 1.15 * lineHeight;
            }
            places.push_back({i, QRectF(x, y, symbolWidth, lineHeight),
                              QRectF(x + symbolWidth + gap, y, textWidth, lineHeight), words});
            x += symbolWidth + gap + textWidth + em;
        }
    }
    return places;
}

QSize FlowStrip::minimumOuterSizeHint() const {
    if (m_entries.empty()) return {0, 0};
    const std::vector<Place> places = layOut(availableWidth());
    return {0, static_cast<int>(std::ceil(places.back().text.bottom())) + m_above + m_below};
}

QSize FlowStrip::maximumOuterSizeHint() const {
    return {QWIDGETSIZE_MAX, minimumOuterSizeHint().height()};
}

int FlowStrip::calculateAutoMargin(QCP::MarginSide) {
    return 0;
}

void FlowStrip::draw(QCPPainter* painter) {
    if (m_entries.empty()) return;
    painter->setAntialiasing(true);
    painter->setFont(m_font);
    const std::vector<Place> places = layOut(availableWidth());
    const QPointF origin(rect().left(), rect().top() + m_above);
    for (const Place& place : places) {
        const StripEntry& entry = m_entries[place.entry];
        const QRectF symbol = place.symbol.translated(origin);
        if (entry.swatch.style() != Qt::NoBrush) {
            QRectF swatch(0, 0, symbol.width(), 0.6 * symbol.height());
            swatch.moveCenter(symbol.center());
            painter->setPen(Qt::NoPen);
            painter->setBrush(entry.swatch);
            painter->drawRect(swatch);
        }
        if (entry.line.style() != Qt::NoPen) {
            painter->setPen(entry.line);
            painter->drawLine(QPointF(symbol.left(), symbol.center().y()),
                              QPointF(symbol.right(), symbol.center().y()));
        }
        if (!entry.marker.isNone()) {
            entry.marker.applyTo(painter, entry.line);
            entry.marker.drawShape(painter, symbol.center());
        }
        painter->setPen(m_color);
        painter->setBrush(Qt::NoBrush);
        painter->drawText(place.text.translated(origin),
                          Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, place.words);
    }
}

}  // namespace quantscope
