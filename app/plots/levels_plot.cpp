// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/levels_plot.h"

#include <QMenu>
#include <algorithm>
#include <cmath>

#include "app/plots/axis_tickers.h"
#include "app/plots/painted_layer.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

// Decoded shares beyond this multiple of the weights' get an axis of their own.
constexpr double stemRatio = 2.5;
// More levels than this are ticks on the axis only; full lines would hide the histogram.
constexpr std::size_t maxLevelLines = 40;

double peak(const std::vector<double>& values) {
    return values.empty() ? 0.0 : *std::ranges::max_element(values);
}

}  // namespace

LevelsPlot::LevelsPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<LevelsData>()) {
    setAccessibleName(tr("Weight histogram with levels"));
    // Densities start at zero at any zoom.
    axisRect()->setRangeDrag(Qt::Horizontal);
    axisRect()->setRangeZoom(Qt::Horizontal);
    axisRect()->setRangeZoomAxes(xAxis, nullptr);
    new PaintedLayer(this, QStringLiteral("legend"), [this](QCPPainter& p) { paintLevels(p); });
    dataChanged();
}

void LevelsPlot::setData(LevelsData data) {
    adopt(std::make_shared<const LevelsData>(std::move(data)));
}

void LevelsPlot::adopt(std::shared_ptr<const LevelsData> data) {
    const bool otherTensor = data->low != m_data->low || data->binWidth != m_data->binWidth;
    m_data = std::move(data);
    const double weightPeak = peak(m_data->weightDensity);
    const double decodedPeak = peak(m_data->decodedDensity);
    m_stems = decodedPeak > stemRatio * weightPeak;
    m_peak = m_stems ? weightPeak : std::max(weightPeak, decodedPeak);
    m_least = m_peak;
    for (const double value : m_data->weightDensity) {
        if (value > 0.0) m_least = std::min(m_least, value);
    }
    setTitle(m_data->title);
    setNotes(m_data->note.isEmpty() ? QStringList() : QStringList(m_data->note));
    setDimmed(false);
    dataChanged();
    if (otherTensor) resetView();
    setAccessibleDescription(
        isEmpty()
            ? emptyText()
            : tr("%1. Weights from %2 to %3, %4.")
                  .arg(m_data->title, numberText(m_data->low), numberText(binLow(markCount())),
                       countText(m_data->levels.size(), tr("level"), tr("levels"))));
}

std::unique_ptr<PlotWidget> LevelsPlot::clone() const {
    auto copy = std::make_unique<LevelsPlot>();
    copy->m_logDensity = m_logDensity;
    copy->adopt(m_data);
    return copy;
}

void LevelsPlot::setLogDensity(bool log) {
    if (log == m_logDensity) return;
    m_logDensity = log;
    restyle();
    resetView();
}

bool LevelsPlot::isEmpty() const {
    return m_peak <= 0.0 || m_data->binWidth <= 0.0;
}

QString LevelsPlot::emptyText() const {
    if (!m_data->title.isEmpty()) {
        return tr("The distribution for %1 will be seen here as soon as its weights have been "
                  "read.")
            .arg(m_data->title);
    }
    return tr(
        "The distribution of a tensor's weights and the levels that a quantizer gives them "
        "will be seen here. Choose a tensor.");
}

QString LevelsPlot::figureName() const {
    return QStringLiteral("histogram");
}

QColor LevelsPlot::weightColor() const {
    return mixColors(plotStyle().background, plotStyle().text, 0.28);
}

QColor LevelsPlot::decodedColor() const {
    return plotStyle().readable(QColor(0xd5, 0x5e, 0x00));
}

void LevelsPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    const auto percent = LinearTicker::Values::Percent;
    yAxis->setScaleType(m_logDensity ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (m_logDensity) {
        yAxis->setTicker(QSharedPointer<LogTicker>::create(yAxis, percent));
    } else {
        yAxis->setTicker(QSharedPointer<LinearTicker>::create(yAxis, percent));
    }
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Real));
    xAxis->grid()->setVisible(false);
    xAxis->setLabel(tr("Weight"));
    yAxis->setLabel(tr("Weights per bin (%)"));
    yAxis2->setVisible(m_stems);
    styleAxis(yAxis2);
    yAxis2->setTicker(QSharedPointer<LinearTicker>::create(yAxis2, percent));
    yAxis2->setLabel(tr("Decoded values per bin (%)"));
    yAxis2->setLabelColor(style.readableText(decodedColor()));
    yAxis2->setTickLabelColor(style.readableText(decodedColor()));
    const QPen decodedPen = style.pen(style.faded(decodedColor(), 0.6), style.hairline);
    yAxis2->setBasePen(decodedPen);
    yAxis2->setTickPen(decodedPen);
    yAxis2->setSubTickPen(decodedPen);
    yAxis2->grid()->setVisible(false);
    if (isEmpty()) return;

    addSteps(m_data->weightDensity, QPen(Qt::NoPen), weightColor());
    if (m_stems) {
        addStems();
    } else if (!m_data->decodedDensity.empty()) {
        addSteps(m_data->decodedDensity, style.pen(decodedColor(), style.stroke), Qt::NoBrush);
    }
    updateKey();
}

void LevelsPlot::addSteps(const std::vector<double>& densities, const QPen& pen,
                          const QBrush& fill) {
    QVector<double> keys;
    QVector<double> values;
    // A logarithmic axis has no zero; what is below its edge is not seen.
    const double nothing = m_logDensity ? 1e-3 * m_least : 0.0;
    for (int bin = 0; bin < static_cast<int>(densities.size()); ++bin) {
        keys.append(binLow(bin));
        values.append(std::max(nothing, densities[static_cast<std::size_t>(bin)]));
    }
    keys.prepend(keys.first());
    values.prepend(nothing);
    keys.append(binLow(static_cast<int>(densities.size())));
    values.append(nothing);
    QCPGraph* graph = addGraph();
    graph->setLineStyle(QCPGraph::lsStepLeft);
    graph->setPen(pen);
    graph->setBrush(fill);
    graph->setSelectable(QCP::stNone);
    graph->setData(keys, values, true);
}

void LevelsPlot::addStems() {
    QVector<double> keys;
    QVector<double> values;
    for (int bin = 0; bin < markCount(); ++bin) {
        if (decoded(bin) <= 0.0) continue;
        keys.append(binCenter(bin));
        values.append(decoded(bin));
    }
    const PlotStyle& style = plotStyle();
    QCPGraph* graph = addGraph(xAxis, yAxis2);
    graph->setLineStyle(QCPGraph::lsImpulse);
    graph->setPen(style.pen(decodedColor(), style.figure ? style.stroke : 1.5));
    if (keys.size() <= static_cast<qsizetype>(maxLevelLines)) {
        graph->setScatterStyle(
            {QCPScatterStyle::ssCircle, QPen(Qt::NoPen), decodedColor(), 0.45 * style.em});
    }
    graph->setSelectable(QCP::stNone);
    graph->setData(keys, values, true);
}

void LevelsPlot::updateKey() {
    const PlotStyle& style = plotStyle();
    const QCPScatterStyle none(QCPScatterStyle::ssNone);
    std::vector<StripEntry> entries = {{tr("Weights"), none, Qt::NoPen, weightColor()}};
    if (!m_data->decodedDensity.empty()) {
        entries.push_back({tr("Decoded values"), none,
                           style.pen(decodedColor(), style.figure ? style.stroke : 2.0)});
    }
    if (!m_data->levels.empty()) {
        entries.push_back({countText(m_data->levels.size(), tr("level"), tr("levels")),
                           QCPScatterStyle(QCPScatterStyle::ssTriangle, QPen(Qt::NoPen), style.text,
                                           0.5 * style.em)});
    }
    setKey(std::move(entries));
}

void LevelsPlot::fitView() {
    if (isEmpty()) return;
    double low = m_data->low;
    double high = binLow(markCount());
    for (const double level : m_data->levels) {
        low = std::min(low, level);
        high = std::max(high, level);
    }
    const double rim = 0.02 * (high - low);
    xAxis->setRange(low - rim, high + rim);
    yAxis->setRange(m_logDensity ? QCPRange(0.5 * m_least, 2.0 * m_peak)
                                 : QCPRange(0.0, 1.08 * m_peak));
    yAxis2->setRange(0.0, 1.08 * peak(m_data->decodedDensity));
}

double LevelsPlot::decoded(int bin) const {
    const auto i = static_cast<std::size_t>(bin);
    return i < m_data->decodedDensity.size() ? m_data->decodedDensity[i] : 0.0;
}

int LevelsPlot::markCount() const {
    return static_cast<int>(m_data->weightDensity.size());
}

QRectF LevelsPlot::markRect(int mark) const {
    const double left = xAxis->coordToPixel(binLow(mark));
    const double right = xAxis->coordToPixel(binLow(mark + 1));
    const double bottom = axisRect()->rect().bottom();
    const double top = density(mark) > 0.0 ? yAxis->coordToPixel(density(mark)) : bottom;
    return {left, std::min(top, bottom), right - left, std::max(0.0, bottom - top)};
}

QString LevelsPlot::markText(int mark) const {
    QString text = tr("%1 to %2\n%3 of weights")
                       .arg(numberText(binLow(mark)), numberText(binLow(mark + 1)),
                            percentText(density(mark)));
    if (!m_data->decodedDensity.empty()) {
        text += tr("\n%1 of decoded values").arg(percentText(decoded(mark)));
    }
    QStringList inside;
    for (std::size_t i = 0; i < m_data->levels.size(); ++i) {
        const double level = m_data->levels[i];
        if (level < binLow(mark) || level >= binLow(mark + 1)) continue;
        inside.append(
            tr("level %1 of %2: %3")
                .arg(countText(i + 1), countText(m_data->levels.size()), numberText(level)));
    }
    if (inside.size() > 4) inside = {tr("%1 levels").arg(inside.size())};
    if (!inside.isEmpty()) text += u'\n' + inside.join(u'\n');
    if (!m_data->note.isEmpty()) text += u'\n' + m_data->note;
    return text;
}

// The whole column of a bin can be hit.
int LevelsPlot::markAt(const QPointF& position) const {
    if (isEmpty() || !axisRect()->rect().contains(position.toPoint())) return -1;
    const double bin =
        std::floor((xAxis->pixelToCoord(position.x()) - m_data->low) / m_data->binWidth);
    return bin >= 0.0 && bin < markCount() ? static_cast<int>(bin) : -1;
}

// A tick on the axis per level, and a line through it while they are few and have no stems.
void LevelsPlot::paintLevels(QCPPainter& painter) const {
    if (isEmpty() || m_data->levels.empty()) return;
    const PlotStyle& style = plotStyle();
    const QRectF area(axisRect()->rect());
    const double height = 0.5 * style.em;
    const bool lines = !m_stems && m_data->levels.size() <= maxLevelLines;
    const double room = area.width() / static_cast<double>(m_data->levels.size());
    const double halfWidth = std::clamp(0.35 * room, 0.5 * style.hairline, 0.28 * style.em);
    for (const double level : m_data->levels) {
        const double x = xAxis->coordToPixel(level);
        if (x < area.left() || x > area.right()) continue;
        if (lines) {
            painter.setPen(style.pen(style.faded(style.text, 0.35), style.hairline));
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        }
        painter.setPen(Qt::NoPen);
        painter.setBrush(style.text);
        painter.drawPolygon(QPolygonF{QPointF(x, area.bottom() - height),
                                      QPointF(x - halfWidth, area.bottom()),
                                      QPointF(x + halfWidth, area.bottom())});
        painter.setBrush(Qt::NoBrush);
    }
}

void LevelsPlot::addToContextMenu(QMenu& menu, int /*mark*/) {
    QAction* log = menu.addAction(tr("Logarithmic density axis"));
    log->setCheckable(true);
    log->setChecked(m_logDensity);
    connect(log, &QAction::toggled, this, &LevelsPlot::setLogDensity);
}

std::unique_ptr<TableTwin> LevelsPlot::makeTable() const {
    const std::shared_ptr<const LevelsData> shared = m_data;
    std::vector<TableTwin::Column> columns = {
        {tr("From"), [shared](int row) { return shared->low + row * shared->binWidth; }},
        {tr("To"), [shared](int row) { return shared->low + (row + 1) * shared->binWidth; }},
        {tr("Share of weights"),
         [shared](int row) { return shared->weightDensity[static_cast<std::size_t>(row)]; }},
    };
    if (shared->decodedDensity.size() == shared->weightDensity.size()) {
        columns.push_back({tr("Share of decoded values"), [shared](int row) {
                               return shared->decodedDensity[static_cast<std::size_t>(row)];
                           }});
    }
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
