// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/training_plot.h"

#include <algorithm>
#include <limits>

#include "app/plots/axis_tickers.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

// Up to this many curves each have a colour of their own.
constexpr int coloredCurves = 8;

}  // namespace

TrainingPlot::TrainingPlot(QWidget* parent)
    : CurvesPlot(coloredCurves, parent), m_data(std::make_shared<TrainingData>()) {
    setAccessibleName(tr("Training plot"));
    dataChanged();
}

void TrainingPlot::setData(TrainingData data) {
    // A growing picture keeps the curve that is looked at.
    const int last = static_cast<int>(data.series.size()) - 1;
    const bool same = data.title == m_data->title && currentCurve() >= 0 && currentCurve() < last;
    const int current = same ? currentCurve() : last;
    adopt(std::make_shared<const TrainingData>(std::move(data)), current);
}

void TrainingPlot::adopt(std::shared_ptr<const TrainingData> data, int current) {
    m_data = std::move(data);
    CurvePoints points;
    for (const TrainingSeries& of : m_data->series)
        points.addCurve(static_cast<int>(of.values.size()));
    setCurves(std::move(points), current);
    setTitle(m_data->title);
    setNotes(m_data->note.isEmpty() ? QStringList() : QStringList{m_data->note});
    setAccessibleDescription(
        isEmpty() ? emptyText() : m_data->title + QStringLiteral(". ") + summary(currentCurve()));
    dataChanged();
}

std::unique_ptr<PlotWidget> TrainingPlot::clone() const {
    auto copy = std::make_unique<TrainingPlot>();
    copy->adopt(m_data, currentCurve());
    return copy;
}

QString TrainingPlot::emptyText() const {
    return tr(
        "How the error falls while codebooks are trained will be seen here, iteration by "
        "iteration, also while it happens. Select a trial of a method that trains codebooks.");
}

QString TrainingPlot::figureName() const {
    return QStringLiteral("training");
}

QString TrainingPlot::summary(int curve) const {
    const TrainingSeries& of = series(curve);
    if (of.values.empty()) return of.name;
    return tr("%1: NMSE %2 after %3")
        .arg(of.name, numberText(of.values.back()),
             countText(of.values.size(), tr("iteration"), tr("iterations")));
}

void TrainingPlot::rebuild() {
    yAxis->setScaleType(QCPAxis::stLogarithmic);
    yAxis->setTicker(QSharedPointer<LogTicker>::create(yAxis));
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Whole));
    xAxis->grid()->setVisible(false);
    xAxis->setLabel(tr("Iteration"));
    yAxis->setLabel(tr("NMSE of the training data"));
    if (isEmpty()) return;
    addCurves();
}

void TrainingPlot::addCurve(int curve) {
    QVector<double> numbers;
    QVector<double> values;
    for (int i = 0; i < points().points(curve); ++i) {
        const double y = value({curve, i});
        numbers.append(i + 1.0);
        // A logarithmic axis has no place for an error of 0.
        values.append(y > 0.0 ? y : std::numeric_limits<double>::quiet_NaN());
    }
    const PlotStyle& style = plotStyle();
    const QColor color = curveColor(curve);
    const double width = curve == currentCurve() ? 1.4 * style.stroke : style.stroke;
    QCPGraph* graph = addGraph();
    graph->setPen(style.pen(color, width));
    // Where there are few values, and at the end of a curve, a point says where they are.
    if (points().points(curve) < 3 || !manyCurves()) {
        graph->setScatterStyle(
            QCPScatterStyle(QCPScatterStyle::ssDisc, color, color, 0.28 * style.em));
    }
    graph->setSelectable(QCP::stNone);
    graph->setData(numbers, values, true);
}

QString TrainingPlot::keyText(int curve, bool alone) const {
    return alone ? summary(curve) : series(curve).name;
}

void TrainingPlot::fitView() {
    if (isEmpty()) return;
    int longest = 1;
    double greatest = 0.0;
    double least = std::numeric_limits<double>::infinity();
    for (const TrainingSeries& curve : m_data->series) {
        longest = std::max(longest, static_cast<int>(curve.values.size()));
        for (const double value : curve.values) {
            if (!(value > 0.0)) continue;
            greatest = std::max(greatest, value);
            least = std::min(least, value);
        }
    }
    xAxis->setRange(0.5, std::max(longest, 2) + 0.5);
    if (greatest > 0.0) yAxis->setRange(least / 1.1, greatest * 1.1);
}

double TrainingPlot::value(const CurvePoints::Point& point) const {
    return series(point.curve).values[static_cast<std::size_t>(point.place)];
}

QString TrainingPlot::markText(int mark) const {
    const CurvePoints::Point at = points().at(mark);
    return tr("%1\niteration %2: NMSE %3 of the training data")
        .arg(summary(at.curve), countText(static_cast<std::uint64_t>(at.place) + 1),
             numberText(value(at)));
}

std::unique_ptr<TableTwin> TrainingPlot::makeTable() const {
    const std::shared_ptr<const TrainingData> shared = m_data;
    const auto locate = [shared, numbers = points()](int row) {
        const CurvePoints::Point at = numbers.at(row);
        return std::pair(&shared->series[static_cast<std::size_t>(at.curve)], at.place);
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Training of"), [locate](int row) { return locate(row).first->name; }},
        {tr("Iteration"), [locate](int row) { return locate(row).second + 1; }},
        {tr("NMSE of the training data"),
         [locate](int row) {
             const auto [curve, iteration] = locate(row);
             return curve->values[static_cast<std::size_t>(iteration)];
         }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
