// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/perplexity_plot.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

// A logarithmic axis has no place for what is not above 0.
constexpr double longestShare = 0.9;

double lowerError(const PerplexityPoint& point) {
    return std::min(point.error, longestShare * point.perplexity);
}

QCPScatterStyle markerOf(PerplexityPoint::Kind kind, const QString& family, MarkState state,
                         const PlotStyle& style) {
    if (kind == PerplexityPoint::Kind::Method)
        return scatterStyle(familyMark(family), state, style);
    const double size = 0.6 * style.em;
    const auto shape =
        kind == PerplexityPoint::Kind::Plan ? QCPScatterStyle::ssDisc : QCPScatterStyle::ssSquare;
    return {shape, style.text, style.text, size};
}

}  // namespace

PerplexityPlot::PerplexityPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<PerplexityData>()) {
    setAccessibleName(tr("Perplexity against bits"));
    dataChanged();
}

void PerplexityPlot::setData(PerplexityData data) {
    adopt(std::make_shared<const PerplexityData>(std::move(data)));
}

void PerplexityPlot::adopt(std::shared_ptr<const PerplexityData> data) {
    m_data = std::move(data);
    dataChanged();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("Perplexity of the model on %1 with %2, by bits per weight.")
                        .arg(m_data->tokens,
                             countText(m_data->points.size(), tr("setting"), tr("settings"))));
}

std::unique_ptr<PlotWidget> PerplexityPlot::clone() const {
    auto copy = std::make_unique<PerplexityPlot>();
    copy->adopt(m_data);
    return copy;
}

bool PerplexityPlot::isEmpty() const {
    return m_data->points.empty();
}

QString PerplexityPlot::emptyText() const {
    if (!m_data->problem.isEmpty()) return m_data->problem;
    return tr(
        "The perplexity of the model with each method, and with plans, will be seen here. "
        "Evaluate needs a file of token ids and a run over the layers of a language model.");
}

QString PerplexityPlot::figureName() const {
    return QStringLiteral("perplexity");
}

const PerplexityPoint& PerplexityPlot::point(int mark) const {
    return m_data->points[static_cast<std::size_t>(mark)];
}

QCPGraph* PerplexityPlot::addPoints(const std::vector<const PerplexityPoint*>& points) {
    QVector<double> bits;
    QVector<double> values;
    for (const PerplexityPoint* at : points) {
        bits.append(at->bitsPerWeight);
        values.append(at->perplexity);
    }
    QCPGraph* graph = addGraph();
    graph->setLineStyle(QCPGraph::lsNone);
    graph->setSelectable(QCP::stNone);
    graph->setData(bits, values, true);
    return graph;
}

void PerplexityPlot::addErrorBars(QCPGraph* graph,
                                  const std::vector<const PerplexityPoint*>& points,
                                  const QColor& color) {
    const PlotStyle& style = plotStyle();
    auto* bars = new QCPErrorBars(xAxis, yAxis);
    bars->setDataPlottable(graph);
    bars->setErrorType(QCPErrorBars::etValueError);
    bars->setPen(style.pen(color, style.stroke));
    bars->setWhiskerWidth(0.45 * style.em);
    bars->setSymbolGap(0.0);
    bars->setSelectable(QCP::stNone);
    QVector<double> below;
    QVector<double> above;
    for (const PerplexityPoint* at : points) {
        below.append(lowerError(*at));
        above.append(at->error);
    }
    bars->setData(below, above);
}

void PerplexityPlot::addFront() {
    std::vector<const PerplexityPoint*> front;
    for (const PerplexityPoint& at : m_data->points) {
        if (at.onFront) front.push_back(&at);
    }
    const PlotStyle& style = plotStyle();
    QCPGraph* line = addPoints(front);
    line->setLineStyle(QCPGraph::lsLine);
    line->setPen(style.pen(style.secondaryText, style.stroke));
}

void PerplexityPlot::addReference(std::vector<StripEntry>& key) {
    if (!m_data->reference || !(*m_data->reference > 0.0)) return;
    const PlotStyle& style = plotStyle();
    const QPen pen = style.pen(style.secondaryText, style.stroke, Qt::DashLine);
    constexpr double beyondAll = 64.0;
    QCPGraph* line = addGraph();
    line->setPen(pen);
    line->setSelectable(QCP::stNone);
    line->setData({0.0, beyondAll}, {*m_data->reference, *m_data->reference}, true);
    key.push_back({tr("The model as it is, %1").arg(numberText(*m_data->reference)),
                   QCPScatterStyle(QCPScatterStyle::ssNone), pen});
}

void PerplexityPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Real));
    xAxis->setLabel(tr("Bits per weight of the replaced tensors"));
    yAxis->setScaleType(QCPAxis::stLogarithmic);
    yAxis->setTicker(QSharedPointer<LogTicker>::create(yAxis));
    yAxis->setLabel(tr("Perplexity"));
    if (isEmpty()) return;
    addFront();
    // By kind and family, those behind the front first.
    using Group = std::tuple<PerplexityPoint::Kind, QString, bool>;
    std::map<Group, std::vector<const PerplexityPoint*>> groups;
    for (const PerplexityPoint& at : m_data->points)
        groups[{at.kind, at.family, at.onFront}].push_back(&at);
    std::vector<StripEntry> key;
    for (const auto& [group, points] : groups) {
        const auto& [kind, family, onFront] = group;
        const bool isMethod = kind == PerplexityPoint::Kind::Method;
        const QColor color = isMethod ? style.readable(familyMark(family).color) : style.text;
        const QCPScatterStyle front = markerOf(kind, family, MarkState::Front, style);
        QCPGraph* graph = addPoints(points);
        graph->setScatterStyle(onFront ? front
                                       : markerOf(kind, family, MarkState::Dominated, style));
        addErrorBars(graph, points, onFront ? color : style.faded(color, 0.6));
        const QString name = isMethod                              ? family
                             : kind == PerplexityPoint::Kind::Plan ? tr("Plans")
                                                                   : tr("Artifacts");
        if (key.empty() || key.back().text != name) key.push_back({name, front});
    }
    addReference(key);
    setKey(std::move(key));
    setNotes(QStringList(tr("On %1, with standard errors.").arg(m_data->tokens)) + m_data->remarks);
}

void PerplexityPlot::fitView() {
    if (isEmpty()) return;
    double least = m_data->reference.value_or(std::numeric_limits<double>::infinity());
    double most = 0.0;
    for (const PerplexityPoint& at : m_data->points) {
        least = std::min(least, at.perplexity - lowerError(at));
        most = std::max(most, at.perplexity + at.error);
    }
    const double low = m_data->points.front().bitsPerWeight;
    const double high = m_data->points.back().bitsPerWeight;
    const double margin = std::max(0.05, 0.04 * (high - low));
    xAxis->setRange(std::max(0.0, low - margin), high + margin);
    constexpr double air = 1.15;
    yAxis->setRange(least / air, most * air);
}

int PerplexityPlot::markCount() const {
    return static_cast<int>(m_data->points.size());
}

QRectF PerplexityPlot::markRect(int mark) const {
    const double size = 0.6 * plotStyle().em;
    QRectF rect(0.0, 0.0, size, size);
    rect.moveCenter({xAxis->coordToPixel(point(mark).bitsPerWeight),
                     yAxis->coordToPixel(point(mark).perplexity)});
    return rect;
}

QString PerplexityPlot::markText(int mark) const {
    const PerplexityPoint& at = point(mark);
    return tr("%1\n%2 bits per weight\nperplexity %3 +- %4\ndivergence %5 +- %6 nats a token")
        .arg(at.label, numberText(at.bitsPerWeight), numberText(at.perplexity),
             numberText(at.error), numberText(at.divergence), numberText(at.divergenceError));
}

std::unique_ptr<TableTwin> PerplexityPlot::makeTable() const {
    const std::shared_ptr<const PerplexityData> shared = m_data;
    const auto number = [shared](double PerplexityPoint::*value) {
        return [shared, value](int row) {
            return shared->points[static_cast<std::size_t>(row)].*value;
        };
    };
    std::vector<TableTwin::Column> columns = {
        {tr("What"),
         [shared](int row) { return shared->points[static_cast<std::size_t>(row)].label; }},
        {tr("Bits per weight"), number(&PerplexityPoint::bitsPerWeight)},
        {tr("Perplexity"), number(&PerplexityPoint::perplexity)},
        {tr("Standard error"), number(&PerplexityPoint::error)},
        {tr("Divergence (nats a token)"), number(&PerplexityPoint::divergence)},
        {tr("Its standard error"), number(&PerplexityPoint::divergenceError)},
        {tr("On the front"),
         [shared](int row) {
             return shared->points[static_cast<std::size_t>(row)].onFront ? tr("yes") : tr("no");
         }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
