// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/gain_plot.h"

#include <algorithm>
#include <map>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/plot_text.h"

namespace quantscope {

GainPlot::GainPlot(QWidget* parent) : PlotWidget(parent), m_data(std::make_shared<GainData>()) {
    setAccessibleName(tr("Expected and obtained gain"));
    dataChanged();
}

void GainPlot::setData(GainData data) {
    adopt(std::make_shared<const GainData>(std::move(data)));
}

void GainPlot::adopt(std::shared_ptr<const GainData> data) {
    m_data = std::move(data);
    dataChanged();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("Gain of error feedback in %1, obtained against expected.")
                        .arg(countText(m_data->points.size(), tr("trial"), tr("trials"))));
}

std::unique_ptr<PlotWidget> GainPlot::clone() const {
    auto copy = std::make_unique<GainPlot>();
    copy->adopt(m_data);
    return copy;
}

bool GainPlot::isEmpty() const {
    return m_data->points.empty();
}

QString GainPlot::emptyText() const {
    return tr(
        "What error feedback gains will be seen here beside what the Hessians let expect. "
        "Run the method gptq with Hessians.");
}

QString GainPlot::figureName() const {
    return QStringLiteral("gain");
}

void GainPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Real));
    xAxis->setLabel(tr("Expected: tr D / tr H"));
    yAxis->setTicker(QSharedPointer<LinearTicker>::create(yAxis, LinearTicker::Values::Real));
    yAxis->setLabel(tr("Obtained layer loss / nearest rounding's"));
    if (isEmpty()) return;
    const QPen dashed = style.pen(style.secondaryText, style.stroke, Qt::DashLine);
    QCPGraph* equal = addGraph();
    equal->setPen(dashed);
    equal->setSelectable(QCP::stNone);
    constexpr double beyondAll = 1000.0;
    equal->setData({0.0, beyondAll}, {0.0, beyondAll}, true);
    std::map<QString, std::pair<QVector<double>, QVector<double>>> byBase;
    for (const GainPoint& at : m_data->points) {
        byBase[at.base].first.append(at.expected);
        byBase[at.base].second.append(at.obtained);
    }
    std::vector<StripEntry> key;
    for (const auto& [base, values] : byBase) {
        const QCPScatterStyle marker = scatterStyle(familyMark(base), MarkState::Front, style);
        QCPGraph* graph = addGraph();
        graph->setLineStyle(QCPGraph::lsNone);
        graph->setSelectable(QCP::stNone);
        graph->setScatterStyle(marker);
        graph->setData(values.first, values.second);
        key.push_back({tr("over %1").arg(base), marker});
    }
    setNotes({tr("obtained on up to 256 rows of each tensor")});
    key.push_back({tr("As expected"), QCPScatterStyle(QCPScatterStyle::ssNone), dashed});
    setKey(std::move(key));
}

void GainPlot::fitView() {
    if (isEmpty()) return;
    double expected = 0.0;
    double obtained = 0.0;
    for (const GainPoint& at : m_data->points) {
        expected = std::max(expected, at.expected);
        obtained = std::max(obtained, at.obtained);
    }
    constexpr double air = 1.08;
    xAxis->setRange(0.0, air * expected);
    yAxis->setRange(0.0, air * std::max(obtained, expected));
}

int GainPlot::markCount() const {
    return static_cast<int>(m_data->points.size());
}

QRectF GainPlot::markRect(int mark) const {
    const double size = 0.6 * plotStyle().em;
    QRectF rect(0.0, 0.0, size, size);
    rect.moveCenter(
        {xAxis->coordToPixel(point(mark).expected), yAxis->coordToPixel(point(mark).obtained)});
    return rect;
}

QString GainPlot::markText(int mark) const {
    const GainPoint& at = point(mark);
    return tr("%1\n%2\nexpected %3, obtained %4 of the loss of rounding to nearest")
        .arg(at.tensor, at.method, percentText(at.expected), percentText(at.obtained));
}

QString GainPlot::markTrial(int mark) const {
    return point(mark).trialId;
}

std::unique_ptr<TableTwin> GainPlot::makeTable() const {
    const std::shared_ptr<const GainData> shared = m_data;
    const auto at = [shared](int row) -> const GainPoint& {
        return shared->points[static_cast<std::size_t>(row)];
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Tensor"), [at](int row) { return at(row).tensor; }},
        {tr("Method"), [at](int row) { return at(row).method; }},
        {tr("Expected gain"), [at](int row) { return at(row).expected; }},
        {tr("Obtained gain"), [at](int row) { return at(row).obtained; }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
