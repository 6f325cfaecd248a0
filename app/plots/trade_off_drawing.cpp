// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of TradeOffPlot that are drawn by hand: the density map and direct labels.
#include <QtConcurrent>
#include <array>
#include <cmath>

#include "app/plots/family_mark.h"
#include "app/plots/trade_off_plot.h"

namespace quantscope {

namespace {

// More names than this would hide one another, and more marks cost more time than names are worth.
constexpr std::size_t maxNamedPoints = 40;
constexpr std::size_t maxMarksAround = 3000;

void drawLabel(QCPPainter& painter, const LabelPlacer::Place& place, const QSizeF& size,
               const QString& text) {
    painter.save();
    painter.translate(place.center);
    painter.rotate(place.degrees);
    painter.drawText(QRectF(-0.5 * size.width(), -0.5 * size.height(), size.width(), size.height()),
                     Qt::AlignCenter | Qt::TextSingleLine | Qt::TextDontClip, text);
    painter.restore();
}

QSizeF textSize(const QFont& font, const QString& text) {
    const QFontMetricsF metrics(font);
    return {metrics.horizontalAdvance(text), metrics.ascent() + metrics.descent()};
}

}  // namespace

// Few trials look more like the background, many stand out from it; the ends of the map that would
// not be seen, or glare, are left out.
QColor TradeOffPlot::densityColor(double strength) const {
    const double position = plotStyle().dark ? 0.3 + 0.7 * strength : 0.88 - 0.88 * strength;
    return QColor::fromRgb(viridis().color(position, {0.0, 1.0}));
}

QPen TradeOffPlot::boundPen() const {
    return plotStyle().pen(plotStyle().secondaryText, plotStyle().hairline, Qt::DashLine);
}

// Every tensor has its baselines; the kinds are the same.
QStringList TradeOffPlot::baselineKinds() const {
    QStringList kinds;
    for (const TradeOffLine& baseline : m_data->baselines) {
        if (!kinds.contains(baseline.name)) kinds << baseline.name;
    }
    return kinds;
}

// Baselines are told apart by their dashes, as colour stands for the family.
QPen TradeOffPlot::baselinePen(const QString& kind) const {
    static constexpr std::array patterns = {Qt::SolidLine, Qt::DotLine, Qt::DashDotLine};
    const PlotStyle& style = plotStyle();
    return style.pen(
        style.faded(style.secondaryText, hasManyFronts() ? 0.2 : 0.55), style.hairline,
        patterns[static_cast<std::size_t>(baselineKinds().indexOf(kind)) % patterns.size()]);
}

DensityRequest TradeOffPlot::densityRequest() const {
    const QRect rect = axisRect()->rect();
    const int cell = plotStyle().pixels(0.4);
    const QPointF low = plotted(xAxis->range().lower, yAxis->range().lower);
    const QPointF high = plotted(xAxis->range().upper, yAxis->range().upper);
    return {m_points, QRectF(low, high),
            QSize(std::max(1, rect.width() / cell), std::max(1, rect.height() / cell)),
            densityThreshold};
}

void TradeOffPlot::requestDensity() {
    if (!isCrowded()) return;
    if (m_densityWatcher.isRunning()) {
        m_densityOutdated = true;
        return;
    }
    m_densityOutdated = false;
    m_densityWatcher.setFuture(QtConcurrent::run(countDensity, densityRequest()));
}

void TradeOffPlot::takeDensity(DensityMap map) {
    if (!isCrowded()) return;
    m_shown = frontPoints();
    if (map.total <= densityThreshold) {
        m_density.reset();
        for (const int i : map.inside) {
            if (!data(i).onFront) m_shown.push_back(i);
        }
    } else {
        m_density = std::make_unique<const DensityMap>(std::move(map));
    }
    addMarks();
    updateKey();
    replotSoon();
}

void TradeOffPlot::prepareFigure() {
    if (isCrowded()) takeDensity(countDensity(densityRequest()));
    chooseNamesOfBounds();
}

// A bound whose name finds no room beside it goes to the key.
void TradeOffPlot::chooseNamesOfBounds() {
    if (isEmpty()) return;
    LabelPlacer placer = labelPlacer();
    m_boundsInKey = !std::ranges::all_of(m_data->bounds, [&](const TradeOffLine& bound) {
        return placeBound(placer, bound).has_value();
    });
    updateKey();
}

void TradeOffPlot::resizeEvent(QResizeEvent* event) {
    PlotWidget::resizeEvent(event);
    if (isCrowded()) m_densityTimer.start();
    chooseNamesOfBounds();
}

void TradeOffPlot::paintDensity(QCPPainter& painter) const {
    if (m_density == nullptr) return;
    const double mostLog = std::log(static_cast<double>(std::max(2U, m_density->peak)));
    std::array<QRgb, 64> colors;
    for (std::size_t i = 0; i < colors.size(); ++i) {
        colors[i] = densityColor(static_cast<double>(i) / (colors.size() - 1)).rgb();
    }
    QImage image(m_density->cells, QImage::Format_ARGB32_Premultiplied);
    for (int row = 0; row < image.height(); ++row) {
        // Image rows run downwards.
        auto* line = reinterpret_cast<QRgb*>(image.scanLine(image.height() - 1 - row));
        for (int column = 0; column < image.width(); ++column) {
            const std::uint32_t count = m_density->at(column, row);
            const auto color = static_cast<std::size_t>(
                count == 0 ? 0.0 : std::log(count) / mostLog * (colors.size() - 1));
            line[column] = count == 0 ? 0U : colors[color];
        }
    }
    const QRectF target =
        QRectF(toPixel(m_density->area.topLeft()), toPixel(m_density->area.bottomRight()))
            .normalized();
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    // Viewers of vector files smooth small images; cells must stay squares.
    const int enlarge = plotStyle().figure ? plotStyle().pixels(0.4) : 1;
    painter.drawImage(target, image.scaled(enlarge * image.size()));
}

std::vector<QPointF> TradeOffPlot::pixelLine(const TradeOffLine& line) const {
    std::vector<QPointF> pixels;
    for (const QPointF& point : clippedLine(line, xAxis->range()))
        pixels.push_back(toPixel(point));
    return pixels;
}

// Knows the marks and lines that names must leave alone.
LabelPlacer TradeOffPlot::labelPlacer() const {
    const double rim = 0.2 * plotStyle().em;
    LabelPlacer placer(QRectF(axisRect()->rect()).adjusted(rim, rim, -rim, -rim));
    if (m_shown.size() <= maxMarksAround) {
        for (const int mark : m_shown)
            placer.block(markRect(mark));
    }
    for (const auto* lines : {&m_data->bounds, &m_data->baselines, &m_data->fronts}) {
        for (const TradeOffLine& line : *lines) {
            placer.blockLine(pixelLine(line), plotStyle().hairline);
        }
    }
    return placer;
}

void TradeOffPlot::paintLabels(QCPPainter& painter) const {
    if (isEmpty()) return;
    LabelPlacer placer = labelPlacer();
    painter.setFont(plotStyle().smallFont);
    if (!m_boundsInKey) {
        for (const TradeOffLine& bound : m_data->bounds)
            nameBound(painter, placer, bound);
    }
    // A single front needs no name; those of several tensors do.
    if (m_data->fronts.size() > 1 && !hasManyFronts()) {
        for (const TradeOffLine& front : m_data->fronts)
            nameFront(painter, placer, front);
    }
    if (m_shown.size() <= maxMarksAround) namePoints(painter, placer);
}

std::optional<LabelPlacer::Place> TradeOffPlot::placeBound(LabelPlacer& placer,
                                                           const TradeOffLine& bound) const {
    // Points lie on one side of a bound only.
    return placer.placeAlong(pixelLine(bound), textSize(plotStyle().smallFont, bound.name),
                             0.15 * plotStyle().em, m_data->metric.better == Better::Lower);
}

void TradeOffPlot::nameBound(QCPPainter& painter, LabelPlacer& placer,
                             const TradeOffLine& bound) const {
    const auto place = placeBound(placer, bound);
    if (!place) return;
    painter.setPen(plotStyle().secondaryText);
    drawLabel(painter, *place, textSize(plotStyle().smallFont, bound.name), bound.name);
}

void TradeOffPlot::nameFront(QCPPainter& painter, LabelPlacer& placer,
                             const TradeOffLine& front) const {
    const std::vector<QPointF> line = pixelLine(front);
    if (line.empty()) return;
    const QSizeF size = textSize(plotStyle().smallFont, front.name);
    // Beside the line's end, or in a column right of all points.
    const double gap = 0.6 * plotStyle().em;
    auto place = placer.placeLevel(size, line.back().x() + gap, line.back().y());
    if (!place) place = placer.placeLevel(size, rightmostPixel() + gap, line.back().y());
    if (!place) return;
    painter.setPen(plotStyle().text);
    drawLabel(painter, *place, size, front.name);
}

double TradeOffPlot::rightmostPixel() const {
    return m_byBits.empty() ? 0.0 : toPixel(point(m_byBits.back())).x();
}

void TradeOffPlot::namePoints(QCPPainter& painter, LabelPlacer& placer) const {
    std::vector<int> front;
    for (const int mark : m_byBits) {
        if (data(mark).onFront) front.push_back(mark);
    }
    if (front.size() > maxNamedPoints) return;
    // Beyond the front there are no points: below it where less is better, above it otherwise.
    const bool below = m_data->metric.better == Better::Lower;
    std::vector<std::pair<int, LabelPlacer::Place>> named;
    for (const int mark : front) {
        const QSizeF size = textSize(plotStyle().smallFont, data(mark).method);
        const auto place = placer.placeBeside(markRect(mark), size, 0.2 * plotStyle().em, below);
        if (place) named.emplace_back(mark, *place);
    }
    // Names of a few among many would look as if these were special.
    if (2 * named.size() < front.size()) return;
    for (const auto& [mark, place] : named) {
        painter.setPen(plotStyle().readableText(familyMark(data(mark).family).color));
        drawLabel(painter, place, textSize(plotStyle().smallFont, data(mark).method),
                  data(mark).method);
    }
}

}  // namespace quantscope
