// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/budget_plot.h"

#include <algorithm>
#include <limits>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/plot_text.h"

namespace quantscope {

BudgetPlot::BudgetPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<BudgetCurveData>()) {
    setAccessibleName(tr("Loss against bits of plans"));
    dataChanged();
}

void BudgetPlot::setData(BudgetCurveData data) {
    adopt(std::make_shared<const BudgetCurveData>(std::move(data)));
}

void BudgetPlot::adopt(std::shared_ptr<const BudgetCurveData> data) {
    m_data = std::move(data);
    dataChanged();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("Loss of %1 and of %2 for all tensors, by bits per weight.")
                        .arg(countText(m_data->plans.size(), tr("plan"), tr("plans")),
                             countText(m_data->uniform.size(), tr("method"), tr("methods"))));
}

std::unique_ptr<PlotWidget> BudgetPlot::clone() const {
    auto copy = std::make_unique<BudgetPlot>();
    copy->adopt(m_data);
    return copy;
}

bool BudgetPlot::isEmpty() const {
    return m_data->plans.empty();
}

QString BudgetPlot::emptyText() const {
    return tr("What more bits would buy will be seen here, beside one method for all tensors.");
}

QString BudgetPlot::figureName() const {
    return QStringLiteral("budget");
}

const BudgetPoint& BudgetPlot::point(int mark) const {
    return mark < plans() ? m_data->plans[static_cast<std::size_t>(mark)]
                          : m_data->uniform[static_cast<std::size_t>(mark - plans())];
}

void BudgetPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Real));
    xAxis->setLabel(tr("Bits per weight, all tensors together"));
    yAxis->setScaleType(QCPAxis::stLogarithmic);
    yAxis->setTicker(QSharedPointer<LogTicker>::create(yAxis));
    yAxis->setLabel(m_data->lossName.isEmpty() ? tr("Loss") : m_data->lossName);
    if (isEmpty()) return;
    const auto add = [&](const std::vector<BudgetPoint>& points, QCPGraph::LineStyle line,
                         const QPen& pen, const QCPScatterStyle& marker) {
        QVector<double> bits;
        QVector<double> losses;
        for (const BudgetPoint& at : points) {
            bits.append(at.bitsPerWeight);
            // A logarithmic axis has no place for a loss of 0.
            losses.append(at.loss > 0.0 ? at.loss : std::numeric_limits<double>::quiet_NaN());
        }
        QCPGraph* graph = addGraph();
        graph->setLineStyle(line);
        graph->setPen(pen);
        graph->setScatterStyle(marker);
        graph->setSelectable(QCP::stNone);
        graph->setData(bits, losses);
    };
    const QColor quiet = style.secondaryText;
    const double size = 0.45 * style.em;
    const QPen planPen = style.pen(style.text, style.stroke);
    const QCPScatterStyle planMarker(QCPScatterStyle::ssDisc, style.text, style.text, 0.5 * size);
    const QCPScatterStyle uniformMarker(QCPScatterStyle::ssCircle, style.pen(quiet, style.stroke),
                                        Qt::NoBrush, size);
    const QCPScatterStyle currentMarker(QCPScatterStyle::ssCircle,
                                        style.pen(style.accent, 1.6 * style.stroke), Qt::NoBrush,
                                        1.6 * size);
    add(m_data->uniform, QCPGraph::lsNone, Qt::NoPen, uniformMarker);
    add(m_data->plans, QCPGraph::lsLine, planPen, planMarker);
    std::vector<StripEntry> key = {{tr("Plans"), planMarker, planPen},
                                   {tr("One method for all tensors"), uniformMarker}};
    if (m_data->current) {
        add({*m_data->current}, QCPGraph::lsNone, Qt::NoPen, currentMarker);
        key.push_back({tr("This plan"), currentMarker});
    }
    setKey(std::move(key));
}

void BudgetPlot::fitView() {
    if (isEmpty()) return;
    double low = std::numeric_limits<double>::infinity();
    double high = 0.0;
    double least = low;
    double most = 0.0;
    const auto include = [&](const BudgetPoint& at) {
        low = std::min(low, at.bitsPerWeight);
        high = std::max(high, at.bitsPerWeight);
        if (!(at.loss > 0.0)) return;
        least = std::min(least, at.loss);
        most = std::max(most, at.loss);
    };
    std::ranges::for_each(m_data->plans, include);
    std::ranges::for_each(m_data->uniform, include);
    const double margin = std::max(0.05, 0.04 * (high - low));
    xAxis->setRange(std::max(0.0, low - margin), high + margin);
    if (most > 0.0) yAxis->setRange(least / 1.5, most * 1.5);
}

int BudgetPlot::markCount() const {
    return plans() + static_cast<int>(m_data->uniform.size());
}

QRectF BudgetPlot::markRect(int mark) const {
    const BudgetPoint& at = point(mark);
    const double y = at.loss > 0.0 ? yAxis->coordToPixel(at.loss) : axisRect()->rect().bottom();
    QRectF rect(0.0, 0.0, 0.5 * plotStyle().em, 0.5 * plotStyle().em);
    rect.moveCenter({xAxis->coordToPixel(at.bitsPerWeight), y});
    return rect;
}

QString BudgetPlot::markText(int mark) const {
    const BudgetPoint& at = point(mark);
    const QString figures =
        tr("%1 bits per weight, loss %2").arg(numberText(at.bitsPerWeight), numberText(at.loss));
    if (mark >= plans()) return at.label + u'\n' + figures;
    return tr("plan: %1\nclick to make this the budget").arg(figures);
}

void BudgetPlot::choose(int mark) {
    if (mark >= 0 && mark < plans()) Q_EMIT budgetRequested(point(mark).bitsPerWeight);
}

void BudgetPlot::mouseReleaseEvent(QMouseEvent* event) {
    const bool click = event->button() == Qt::LeftButton && !mMouseHasMoved;
    PlotWidget::mouseReleaseEvent(event);
    if (click && !isEmpty()) choose(markAt(event->position()));
}

void BudgetPlot::keyPressEvent(QKeyEvent* event) {
    const bool chosen = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    PlotWidget::keyPressEvent(event);
    if (chosen) choose(currentMark());
}

std::unique_ptr<TableTwin> BudgetPlot::makeTable() const {
    const std::shared_ptr<const BudgetCurveData> shared = m_data;
    const int plans = this->plans();
    const auto pointAt = [shared, plans](int row) -> const BudgetPoint& {
        return row < plans ? shared->plans[static_cast<std::size_t>(row)]
                           : shared->uniform[static_cast<std::size_t>(row - plans)];
    };
    std::vector<TableTwin::Column> columns = {
        {tr("What"),
         [pointAt](int row) {
             const QString& label = pointAt(row).label;
             return label.isEmpty() ? tr("plan") : label;
         }},
        {tr("Bits per weight"), [pointAt](int row) { return pointAt(row).bitsPerWeight; }},
        {m_data->lossName.isEmpty() ? tr("Loss") : m_data->lossName,
         [pointAt](int row) { return pointAt(row).loss; }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
