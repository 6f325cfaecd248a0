// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/trade_off_plot.h"

#include <QMenu>
#include <QtConcurrent>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/painted_layer.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

constexpr double notDrawn = std::numeric_limits<double>::quiet_NaN();
// A density map is counted again when panning or zooming pauses for this long.
constexpr int densityDelayMs = 30;
constexpr std::size_t mostFrontsNamed = 8;

MarkState stateOf(const TradeOffPoint& point) {
    if (point.sampled) return MarkState::Sampled;
    return point.onFront ? MarkState::Front : MarkState::Dominated;
}

// The extent of what is seen so far; unlike QCPRange it can be empty.
struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void include(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    /// With a rim of `share` of the extent, or of `least` around a single value.
    QCPRange widened(double share, double least) const {
        const double rim = high > low ? share * (high - low) : least;
        return {low - rim, high + rim};
    }
};

}  // namespace

TradeOffPlot::TradeOffPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<TradeOffData>()) {
    setAccessibleName(tr("Trade-off plot"));
    new PaintedLayer(this, QStringLiteral("grid"), [this](QCPPainter& p) { paintDensity(p); });
    new PaintedLayer(this, QStringLiteral("legend"), [this](QCPPainter& p) { paintLabels(p); });
    m_densityTimer.setSingleShot(true);
    m_densityTimer.setInterval(densityDelayMs);
    connect(&m_densityTimer, &QTimer::timeout, this, &TradeOffPlot::requestDensity);
    connect(&m_densityWatcher, &QFutureWatcher<DensityMap>::finished, this, [this] {
        if (m_densityOutdated) {
            requestDensity();
        } else {
            takeDensity(m_densityWatcher.result());
        }
    });
    for (QCPAxis* axis : {xAxis, yAxis}) {
        connect(axis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), &m_densityTimer, [this] {
            if (isCrowded()) m_densityTimer.start();
        });
    }
    dataChanged();
}

TradeOffPlot::~TradeOffPlot() = default;

void TradeOffPlot::setData(TradeOffData data) {
    adopt(std::make_shared<const TradeOffData>(std::move(data)));
}

void TradeOffPlot::adopt(std::shared_ptr<const TradeOffData> data) {
    const bool otherMetric = data->metric.id != m_data->metric.id;
    m_data = std::move(data);
    m_density.reset();
    chooseScale();
    placePoints();
    setNotes(remarks());
    dataChanged();
    if (otherMetric) resetView();
    setAccessibleDescription(summary());
}

std::unique_ptr<PlotWidget> TradeOffPlot::clone() const {
    auto copy = std::make_unique<TradeOffPlot>();
    copy->m_chosenLog = m_chosenLog;
    copy->adopt(m_data);
    return copy;
}

bool TradeOffPlot::isEmpty() const {
    return m_data->points.empty();
}

QString TradeOffPlot::emptyText() const {
    return tr(
        "Each finished trial will be a point here: its error against the bits per weight it "
        "takes, with the best trade-offs joined by a line. Choose tensors and methods and "
        "run them.");
}

QString TradeOffPlot::figureName() const {
    return QStringLiteral("rate-distortion");
}

void TradeOffPlot::setLogValues(bool log) {
    m_chosenLog = log;
    chooseScale();
    placePoints();
    setNotes(remarks());
    resetView();
    restyle();
}

// Errors span decades; shares, cosines and decibels do not. Zeros would all lie off a logarithmic
// axis, so many of them speak against it.
void TradeOffPlot::chooseScale() {
    double least = std::numeric_limits<double>::infinity();
    double greatest = 0.0;
    std::size_t positive = 0;
    std::size_t finite = 0;
    for (const TradeOffPoint& point : m_data->points) {
        if (!std::isfinite(point.value)) continue;
        ++finite;
        if (point.value <= 0.0) continue;
        ++positive;
        least = std::min(least, point.value);
        greatest = std::max(greatest, point.value);
    }
    const MetricInfo& metric = m_data->metric;
    const bool possible = positive > 0;
    const bool decades = greatest >= 10.0 * least && 2 * positive >= finite;
    const bool fits = metric.unit != "dB" && (metric.better == Better::Lower || greatest > 1.0);
    m_logValues = possible && m_chosenLog.value_or(decades && fits);
    m_floor = possible ? least / std::sqrt(10.0) : 0.0;
}

void TradeOffPlot::placePoints() {
    auto points = std::make_shared<std::vector<QPointF>>();
    points->reserve(m_data->points.size());
    m_floored = 0;
    m_undrawable = 0;
    for (const TradeOffPoint& point : m_data->points) {
        const bool drawable = std::isfinite(point.bitsPerWeight) && std::isfinite(point.value);
        if (!drawable) ++m_undrawable;
        if (drawable && m_logValues && point.value <= 0.0) ++m_floored;
        points->push_back(drawable ? plotted(point.bitsPerWeight, point.value)
                                   : QPointF(notDrawn, notDrawn));
    }
    m_points = std::move(points);
}

QPointF TradeOffPlot::plotted(double bitsPerWeight, double value) const {
    if (!m_logValues) return {bitsPerWeight, value};
    return {bitsPerWeight, std::log10(value > 0.0 ? value : m_floor)};
}

QPointF TradeOffPlot::toPixel(const QPointF& plotted) const {
    return {xAxis->coordToPixel(plotted.x()),
            yAxis->coordToPixel(m_logValues ? std::pow(10.0, plotted.y()) : plotted.y())};
}

QStringList TradeOffPlot::remarks() const {
    QStringList remarks;
    for (const QString& remark : m_data->remarks)
        remarks.append(remark);
    if (m_floored > 0) {
        remarks.append(tr("%1 of value 0 at the lower edge")
                           .arg(countText(m_floored, tr("point"), tr("points"))));
    }
    if (m_undrawable > 0) {
        remarks.append(tr("%1 without a finite value not drawn")
                           .arg(countText(m_undrawable, tr("point"), tr("points"))));
    }
    if (hasManyFronts()) {
        remarks.append(tr("the fronts of %1 tensors are drawn faintly and without names")
                           .arg(m_data->fronts.size()));
    }
    return remarks;
}

QString TradeOffPlot::summary() const {
    if (isEmpty()) return emptyText();
    const auto onFront = std::ranges::count_if(m_data->points, &TradeOffPoint::onFront);
    const auto [least, most] =
        std::ranges::minmax(m_data->points, {}, &TradeOffPoint::bitsPerWeight);
    return tr("%1 against bits per weight: %2, %3 of them on the front, from %4 to %5 bits per "
              "weight.")
        .arg(axisTitle(m_data->metric.name, m_data->metric.unit),
             countText(m_data->points.size(), tr("trial"), tr("trials")),
             countText(static_cast<std::uint64_t>(onFront)), numberText(least.bitsPerWeight),
             numberText(most.bitsPerWeight));
}

bool TradeOffPlot::isCrowded() const {
    return m_points != nullptr && m_points->size() > densityThreshold;
}

void TradeOffPlot::rebuild() {
    m_markGraphs.clear();
    yAxis->setScaleType(m_logValues ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (m_logValues) {
        yAxis->setTicker(QSharedPointer<LogTicker>::create(yAxis));
    } else {
        yAxis->setTicker(QSharedPointer<LinearTicker>::create(yAxis, LinearTicker::Values::Real));
    }
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Real));
    xAxis->setLabel(tr("Bits per weight"));
    yAxis->setLabel(axisTitle(m_data->metric.name, m_data->metric.unit));
    if (isEmpty()) return;

    for (const TradeOffLine& line : m_data->baselines)
        addLine(line, baselinePen(line.name));
    for (const TradeOffLine& line : m_data->bounds) {
        addLine(line, boundPen());
    }
    for (const TradeOffLine& line : m_data->fronts)
        addLine(line, frontPen());
    if (!isCrowded()) {
        m_shown.clear();
        for (int i = 0; i < markCount(); ++i) {
            if (!std::isnan(point(i).x())) m_shown.push_back(i);
        }
    } else if (m_density == nullptr) {
        m_shown = frontPoints();
        m_densityTimer.start();
    }
    addMarks();
    updateKey();
}

std::vector<int> TradeOffPlot::frontPoints() const {
    std::vector<int> front;
    for (int i = 0; i < markCount(); ++i) {
        if (data(i).onFront && !std::isnan(point(i).x())) front.push_back(i);
    }
    return front;
}

void TradeOffPlot::addLine(const TradeOffLine& line, const QPen& pen) {
    QVector<double> keys;
    QVector<double> values;
    for (std::size_t i = 0; i < line.values.size() && i < line.bitsPerWeight.size(); ++i) {
        const bool drawable = std::isfinite(line.values[i]) && (!m_logValues || line.values[i] > 0);
        if (!drawable) continue;
        keys.append(line.bitsPerWeight[i]);
        values.append(line.values[i]);
    }
    QCPGraph* graph = addGraph();
    graph->setData(keys, values);
    graph->setPen(pen);
    graph->setSelectable(QCP::stNone);
}

void TradeOffPlot::addMarks() {
    for (QCPGraph* graph : m_markGraphs)
        removeGraph(graph);
    m_markGraphs.clear();
    // Faded marks first, the front on top.
    std::map<std::pair<MarkState, QString>, std::vector<int>, std::greater<>> groups;
    for (const int i : m_shown)
        groups[{stateOf(data(i)), data(i).family}].push_back(i);
    for (const auto& [look, members] : groups) {
        QVector<double> keys;
        QVector<double> values;
        for (const int i : members) {
            keys.append(point(i).x());
            values.append(m_logValues ? std::pow(10.0, point(i).y()) : point(i).y());
        }
        QCPGraph* graph = addGraph();
        graph->setLineStyle(QCPGraph::lsNone);
        graph->setScatterStyle(scatterStyle(familyMark(look.second), look.first, plotStyle()));
        graph->setSelectable(QCP::stNone);
        graph->setData(keys, values);
        m_markGraphs.push_back(graph);
    }
    m_byBits = m_shown;
    m_byValue = m_shown;
    std::ranges::stable_sort(m_byBits, {}, [this](int i) { return point(i).x(); });
    std::ranges::stable_sort(m_byValue, {}, [this](int i) { return point(i).y(); });
}

void TradeOffPlot::updateKey() {
    const PlotStyle& style = plotStyle();
    std::vector<StripEntry> entries;
    const auto addLineEntry = [&entries](const QString& text, const QPen& pen) {
        StripEntry entry{text, QCPScatterStyle(QCPScatterStyle::ssNone), pen};
        entry.essential = false;
        entries.push_back(std::move(entry));
    };
    QStringList families;
    bool dominated = false;
    bool sampled = false;
    for (const TradeOffPoint& point : m_data->points) {
        if (!families.contains(point.family)) families.append(point.family);
        dominated = dominated || stateOf(point) == MarkState::Dominated;
        sampled = sampled || point.sampled;
    }
    for (const QString& family : families) {
        entries.push_back({family, scatterStyle(familyMark(family), MarkState::Front, style)});
    }
    for (const QString& kind : baselineKinds()) {
        if (isSeen(kind)) addLineEntry(kind, baselinePen(kind));
    }
    for (const TradeOffLine& bound : m_data->bounds) {
        if (!m_boundsInKey) break;
        addLineEntry(bound.name, boundPen());
    }
    const FamilyMark plain{style.secondaryText, MarkShape::Circle};
    if (!m_data->fronts.empty()) {
        addLineEntry(
            m_data->fronts.size() > 1 ? tr("Pareto front of each tensor") : tr("Pareto front"),
            frontPen());
    }
    if (m_density != nullptr) {
        QLinearGradient colors(0.0, 0.0, 1.0, 0.0);
        colors.setCoordinateMode(QGradient::ObjectMode);
        for (int stop = 0; stop <= 8; ++stop)
            colors.setColorAt(stop / 8.0, densityColor(stop / 8.0));
        entries.push_back({tr("1 to %1 trials per cell, log scale").arg(countText(m_density->peak)),
                           QCPScatterStyle(QCPScatterStyle::ssNone), Qt::NoPen, QBrush(colors),
                           4.0});
    } else if (dominated) {
        entries.push_back({tr("Dominated"), scatterStyle(plain, MarkState::Dominated, style)});
        entries.back().essential = false;
    }
    if (sampled) {
        entries.push_back({tr("From a sample"), scatterStyle(plain, MarkState::Sampled, style)});
    }
    setKey(std::move(entries));
}

void TradeOffPlot::fitView() {
    if (m_points == nullptr || m_points->empty()) return;
    Extent bitsExtent;
    Extent valueExtent;
    for (const QPointF& point : *m_points) {
        if (std::isnan(point.x())) continue;
        bitsExtent.include(point.x());
        valueExtent.include(point.y());
    }
    if (bitsExtent.low > bitsExtent.high) return;
    const QCPRange bits = bitsExtent.widened(0.05, 0.5);
    // Lines count where points are; a bound goes on for ever.
    for (const auto* lines : {&m_data->fronts, &m_data->baselines, &m_data->bounds}) {
        for (const TradeOffLine& line : *lines) {
            for (const QPointF& point : clippedLine(line, bits))
                valueExtent.include(point.y());
        }
    }
    const QCPRange values = valueExtent.widened(
        0.05, m_logValues ? 0.3 : std::max(0.5 * std::abs(valueExtent.low), 1e-12));
    xAxis->setRange(std::max(0.0, bits.lower), bits.upper + roomForNames() * bits.size());
    yAxis->setRange(m_logValues
                        ? QCPRange(std::pow(10.0, values.lower), std::pow(10.0, values.upper))
                        : values);
}

// Beyond a handful, lines of full strength are one black mass, and their names another.
bool TradeOffPlot::hasManyFronts() const {
    return m_data->fronts.size() > mostFrontsNamed;
}

QPen TradeOffPlot::frontPen() const {
    const PlotStyle& style = plotStyle();
    if (!hasManyFronts()) return style.pen(style.secondaryText, style.stroke);
    return style.pen(style.faded(style.secondaryText, 0.3), style.hairline);
}

// Whether a baseline of this kind is a line, and not under a front.
bool TradeOffPlot::isSeen(const QString& baselineKind) const {
    return std::ranges::any_of(m_data->baselines, [&](const TradeOffLine& line) {
        if (line.name != baselineKind || line.values.size() < 2) return false;
        return std::ranges::none_of(m_data->fronts, [&](const TradeOffLine& front) {
            return front.bitsPerWeight == line.bitsPerWeight && front.values == line.values;
        });
    });
}

// Names of fronts stand at their right ends; by how much the range must grow for them.
double TradeOffPlot::roomForNames() const {
    if (m_data->fronts.size() < 2 || hasManyFronts()) return 0.0;
    const QFontMetricsF metrics(plotStyle().smallFont);
    double widest = 0.0;
    for (const TradeOffLine& front : m_data->fronts) {
        widest = std::max(widest, metrics.horizontalAdvance(front.name));
    }
    const double share =
        std::min(0.4, (widest + plotStyle().em) / std::max(1, axisRect()->width()));
    return share / (1.0 - share);
}

// The part of a line between two x positions, in plotted coordinates.
std::vector<QPointF> TradeOffPlot::clippedLine(const TradeOffLine& line,
                                               const QCPRange& bits) const {
    std::vector<QPointF> points;
    for (std::size_t i = 0; i < line.values.size() && i < line.bitsPerWeight.size(); ++i) {
        const bool drawable = std::isfinite(line.values[i]) && (!m_logValues || line.values[i] > 0);
        if (drawable) points.push_back(plotted(line.bitsPerWeight[i], line.values[i]));
    }
    std::ranges::stable_sort(points, {}, [](const QPointF& point) { return point.x(); });
    std::vector<QPointF> clipped;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (bits.contains(points[i].x())) clipped.push_back(points[i]);
        if (i + 1 == points.size()) break;
        const QPointF a = points[i];
        const QPointF b = points[i + 1];
        for (const double edge : {bits.lower, bits.upper}) {
            if (a.x() < edge && edge < b.x()) {
                clipped.push_back(a + (edge - a.x()) / (b.x() - a.x()) * (b - a));
            }
        }
    }
    return clipped;
}

int TradeOffPlot::markCount() const {
    return static_cast<int>(m_data->points.size());
}

QRectF TradeOffPlot::markRect(int mark) const {
    if (std::isnan(point(mark).x())) return {};
    const double size = 0.6 * plotStyle().em;
    QRectF rect(0.0, 0.0, size, size);
    rect.moveCenter(toPixel(point(mark)));
    return rect;
}

QString TradeOffPlot::markText(int mark) const {
    const TradeOffPoint& point = data(mark);
    const QString value = tr("%1 %2").arg(axisTitle(m_data->metric.name, m_data->metric.unit),
                                          numberText(point.value));
    if (point.details.isEmpty()) {
        return tr("%1 on %2\n%3 bits per weight, %4")
            .arg(point.method, point.tensor, numberText(point.bitsPerWeight), value);
    }
    // The details of a trial have all its figures; those of a total need that of the axis.
    return point.members.size() > 1 ? point.details + u'\n' + value : point.details;
}

QString TradeOffPlot::markTrial(int mark) const {
    return data(mark).trialId;
}

QStringList TradeOffPlot::markTrials(int mark) const {
    return data(mark).members.isEmpty() ? PlotWidget::markTrials(mark) : data(mark).members;
}

QString TradeOffPlot::hoverText(const QPointF& position) const {
    const QString text = PlotWidget::hoverText(position);
    if (!text.isEmpty() || m_density == nullptr) return text;
    const double value = yAxis->pixelToCoord(position.y());
    if (m_logValues && value <= 0.0) return {};
    const QPointF place = plotted(xAxis->pixelToCoord(position.x()), value);
    if (!m_density->area.contains(place)) return {};
    const QPoint cell = m_density->cellAt(place);
    const std::uint32_t count = m_density->at(cell.x(), cell.y());
    if (count == 0) return {};
    const QRectF area = m_density->cellArea(cell);
    const auto shown = [this](double v) { return numberText(m_logValues ? std::pow(10.0, v) : v); };
    return tr("%1\n%2 to %3 bits per weight\n%4 from %5 to %6\nZoom in to see single trials.")
        .arg(countText(count, tr("trial"), tr("trials")), numberText(area.left()),
             numberText(area.right()), axisTitle(m_data->metric.name, m_data->metric.unit),
             shown(area.top()), shown(area.bottom()));
}

void TradeOffPlot::forEachShownMark(const std::function<void(int)>& visit) const {
    for (const int mark : m_shown)
        visit(mark);
}

int TradeOffPlot::neighbour(int mark, Qt::Key key) const {
    if (m_byBits.empty()) return mark;
    if (key == Qt::Key_Home) return m_byBits.front();
    if (key == Qt::Key_End) return m_byBits.back();
    const bool sideways = key == Qt::Key_Left || key == Qt::Key_Right;
    const std::vector<int>& order = sideways ? m_byBits : m_byValue;
    const auto found = std::ranges::find(order, mark);
    if (found == order.end()) return m_byBits.front();
    const bool forward = key == Qt::Key_Right || key == Qt::Key_Up;
    if (forward) return found + 1 == order.end() ? mark : *(found + 1);
    return found == order.begin() ? mark : *(found - 1);
}

void TradeOffPlot::addToContextMenu(QMenu& menu, int /*mark*/) {
    QAction* log = menu.addAction(tr("Logarithmic value axis"));
    log->setCheckable(true);
    log->setChecked(m_logValues);
    connect(log, &QAction::toggled, this, &TradeOffPlot::setLogValues);
}

std::unique_ptr<TableTwin> TradeOffPlot::makeTable() const {
    const std::shared_ptr<const TradeOffData> shared = m_data;
    const auto column = [&shared](auto member) {
        return [shared, member](int row) {
            return QVariant::fromValue(shared->points[static_cast<std::size_t>(row)].*member);
        };
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Tensor"), column(&TradeOffPoint::tensor)},
        {tr("Method"), column(&TradeOffPoint::method)},
        {tr("Family"), column(&TradeOffPoint::family)},
        {tr("Bits per weight"), column(&TradeOffPoint::bitsPerWeight)},
        {axisTitle(m_data->metric.name, m_data->metric.unit), column(&TradeOffPoint::value)},
        {tr("On the front"),
         [shared](int row) {
             return shared->points[static_cast<std::size_t>(row)].onFront ? tr("yes") : tr("no");
         }},
        {tr("Trial"),
         [shared](int row) {
             // A point of several trials is none of them.
             const TradeOffPoint& point = shared->points[static_cast<std::size_t>(row)];
             return point.members.size() > 1 ? QString() : point.trialId;
         }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
