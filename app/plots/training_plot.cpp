// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/training_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/plot_text.h"

namespace quantscope {

TrainingPlot::TrainingPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<TrainingData>()), m_firstMark{0} {
    setAccessibleName(tr("Training plot"));
    dataChanged();
}

void TrainingPlot::setData(TrainingData data) {
    // A growing picture keeps the curve that is looked at.
    const bool same = data.title == m_data->title && m_currentCurve >= 0 &&
                      m_currentCurve < static_cast<int>(data.series.size()) - 1;
    const int current = same ? m_currentCurve : static_cast<int>(data.series.size()) - 1;
    adopt(std::make_shared<const TrainingData>(std::move(data)), current);
}

void TrainingPlot::adopt(std::shared_ptr<const TrainingData> data, int current) {
    m_data = std::move(data);
    m_firstMark = {0};
    for (int i = 0; i < curves(); ++i)
        m_firstMark.push_back(m_firstMark.back() + iterations(i));
    m_currentCurve = current;
    setTitle(m_data->title);
    setNotes(m_data->note.isEmpty() ? QStringList() : QStringList{m_data->note});
    setAccessibleDescription(
        isEmpty() ? emptyText() : m_data->title + QStringLiteral(". ") + summary(m_currentCurve));
    dataChanged();
}

std::unique_ptr<PlotWidget> TrainingPlot::clone() const {
    auto copy = std::make_unique<TrainingPlot>();
    copy->adopt(m_data, m_currentCurve);
    return copy;
}

void TrainingPlot::setCurrentCurve(int curve) {
    if (curve < 0 || curve >= curves() || curve == m_currentCurve) return;
    m_currentCurve = curve;
    restyle();
}

bool TrainingPlot::isEmpty() const {
    return m_firstMark.back() == 0;
}

QString TrainingPlot::emptyText() const {
    return tr(
        "How the error falls while codebooks are trained will be seen here, iteration by "
        "iteration, also while it happens. Select a trial of a method that trains codebooks.");
}

QString TrainingPlot::figureName() const {
    return QStringLiteral("training");
}

QColor TrainingPlot::curveColor(int curve) const {
    const PlotStyle& style = plotStyle();
    if (manyCurves()) {
        return curve == m_currentCurve ? style.accent : style.faded(style.secondaryText, 0.35);
    }
    return orderedColor(style, curve, curves());
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
    for (int i = 0; i < curves(); ++i) {
        if (i != m_currentCurve) addCurve(i);
    }
    addCurve(m_currentCurve);
    updateKey();
}

void TrainingPlot::addCurve(int curve) {
    QVector<double> numbers;
    QVector<double> values;
    for (int i = 0; i < iterations(curve); ++i) {
        const double y = value({curve, i});
        numbers.append(i + 1.0);
        // A logarithmic axis has no place for an error of 0.
        values.append(y > 0.0 ? y : std::numeric_limits<double>::quiet_NaN());
    }
    const PlotStyle& style = plotStyle();
    const QColor color = curveColor(curve);
    const double width = curve == m_currentCurve ? 1.4 * style.stroke : style.stroke;
    QCPGraph* graph = addGraph();
    graph->setPen(style.pen(color, width));
    // Where there are few values, and at the end of a curve, a point says where they are.
    if (iterations(curve) < 3 || !manyCurves()) {
        graph->setScatterStyle(
            QCPScatterStyle(QCPScatterStyle::ssDisc, color, color, 0.28 * style.em));
    }
    graph->setSelectable(QCP::stNone);
    graph->setData(numbers, values, true);
}

void TrainingPlot::updateKey() {
    const PlotStyle& style = plotStyle();
    const QCPScatterStyle none(QCPScatterStyle::ssNone);
    const double width = style.figure ? style.stroke : 2.0;
    std::vector<StripEntry> entries;
    if (manyCurves()) {
        entries.push_back(
            {summary(m_currentCurve), none, style.pen(curveColor(m_currentCurve), width)});
        const int other = m_currentCurve == 0 ? 1 : 0;
        entries.push_back(
            {tr("%1 others").arg(curves() - 1), none, style.pen(curveColor(other), width)});
    } else {
        for (int i = 0; i < curves(); ++i)
            entries.push_back({series(i).name, none, style.pen(curveColor(i), width)});
    }
    setKey(std::move(entries));
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

double TrainingPlot::value(const Step& step) const {
    return series(step.curve).values[static_cast<std::size_t>(step.iteration)];
}

TrainingPlot::Step TrainingPlot::step(int mark) const {
    const auto next = std::ranges::upper_bound(m_firstMark, mark);
    const auto curve = static_cast<int>(next - m_firstMark.begin()) - 1;
    return {curve, mark - m_firstMark[static_cast<std::size_t>(curve)]};
}

int TrainingPlot::markOf(const Step& step) const {
    return m_firstMark[static_cast<std::size_t>(step.curve)] + step.iteration;
}

int TrainingPlot::markCount() const {
    return m_firstMark.back();
}

QRectF TrainingPlot::markRect(int mark) const {
    const Step at = step(mark);
    const double error = value(at);
    const double y = error > 0.0 ? yAxis->coordToPixel(error) : axisRect()->rect().bottom();
    QRectF rect(0.0, 0.0, 0.4 * plotStyle().em, 0.4 * plotStyle().em);
    rect.moveCenter({xAxis->coordToPixel(at.iteration + 1.0), y});
    return rect;
}

QString TrainingPlot::markText(int mark) const {
    const Step at = step(mark);
    return tr("%1\niteration %2: NMSE %3 of the training data")
        .arg(summary(at.curve), countText(static_cast<std::uint64_t>(at.iteration) + 1),
             numberText(value(at)));
}

int TrainingPlot::markAt(const QPointF& position) const {
    if (!axisRect()->rect().contains(position.toPoint())) return -1;
    int nearest = -1;
    double nearestDistance = 0.8 * plotStyle().em;
    for (int mark = 0; mark < markCount(); ++mark) {
        const QPointF offset = markRect(mark).center() - position;
        const double distance = std::hypot(offset.x(), offset.y());
        // The current curve lies on top of the others.
        const bool closer = step(mark).curve == m_currentCurve ? distance <= nearestDistance
                                                               : distance < nearestDistance;
        if (closer) {
            nearestDistance = distance;
            nearest = mark;
        }
    }
    return nearest;
}

int TrainingPlot::neighbour(int mark, Qt::Key key) const {
    const Step at = step(mark);
    const auto onCurve = [&](int curve) {
        return markOf({curve, std::clamp(at.iteration, 0, std::max(0, iterations(curve) - 1))});
    };
    switch (key) {
        case Qt::Key_Home:
            return markOf({at.curve, 0});
        case Qt::Key_End:
            return markOf({at.curve, iterations(at.curve) - 1});
        case Qt::Key_Left:
            return markOf({at.curve, std::max(0, at.iteration - 1)});
        case Qt::Key_Right:
            return markOf({at.curve, std::min(iterations(at.curve) - 1, at.iteration + 1)});
        case Qt::Key_Up:
            return onCurve(std::max(0, at.curve - 1));
        default:
            return onCurve(std::min(curves() - 1, at.curve + 1));
    }
}

void TrainingPlot::mouseReleaseEvent(QMouseEvent* event) {
    const bool click = event->button() == Qt::LeftButton && !mMouseHasMoved;
    PlotWidget::mouseReleaseEvent(event);
    if (!click || isEmpty()) return;
    const int mark = markAt(event->position());
    if (mark >= 0) setCurrentCurve(step(mark).curve);
}

void TrainingPlot::keyPressEvent(QKeyEvent* event) {
    PlotWidget::keyPressEvent(event);
    if (currentMark() >= 0) setCurrentCurve(step(currentMark()).curve);
}

std::unique_ptr<TableTwin> TrainingPlot::makeTable() const {
    const std::shared_ptr<const TrainingData> shared = m_data;
    const std::vector<int> firstMark = m_firstMark;
    const auto locate = [shared, firstMark](int row) {
        const auto next = std::ranges::upper_bound(firstMark, row);
        const auto curve = static_cast<std::size_t>(next - firstMark.begin()) - 1;
        return std::pair(&shared->series[curve], row - firstMark[curve]);
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
