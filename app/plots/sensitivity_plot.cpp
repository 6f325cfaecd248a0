// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/sensitivity_plot.h"

#include <algorithm>
#include <limits>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

constexpr int fewBars = 5;

}  // namespace

SensitivityPlot::SensitivityPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<SensitivityData>()) {
    setAccessibleName(tr("Loss per tensor"));
    // The list of tensors is zoomed and panned, not their losses.
    axisRect()->setRangeDrag(Qt::Vertical);
    axisRect()->setRangeZoom(Qt::Vertical);
    axisRect()->setRangeZoomAxes(nullptr, yAxis);
    connect(yAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
            &SensitivityPlot::sayWhatIsInView);
    dataChanged();
}

void SensitivityPlot::setData(SensitivityData data) {
    adopt(std::make_shared<const SensitivityData>(std::move(data)));
}

void SensitivityPlot::adopt(std::shared_ptr<const SensitivityData> data) {
    m_data = std::move(data);
    dataChanged();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("Loss of %1 with %2 alone.")
                        .arg(countText(m_data->bars.size(), tr("tensor"), tr("tensors")),
                             m_data->method));
}

std::unique_ptr<PlotWidget> SensitivityPlot::clone() const {
    auto copy = std::make_unique<SensitivityPlot>();
    copy->adopt(m_data);
    return copy;
}

bool SensitivityPlot::isEmpty() const {
    return m_data->bars.empty();
}

QString SensitivityPlot::emptyText() const {
    return tr(
        "What each tensor loses with one method will be seen here, once a method has results "
        "on all of them.");
}

QString SensitivityPlot::figureName() const {
    return QStringLiteral("sensitivity");
}

QString SensitivityPlot::lossTitle() const {
    return m_data->lossName.isEmpty() ? tr("Loss") : m_data->lossName;
}

void SensitivityPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    xAxis->setScaleType(QCPAxis::stLogarithmic);
    xAxis->setTicker(QSharedPointer<LogTicker>::create(xAxis));
    xAxis->setLabel(lossTitle());
    yAxis->setRangeReversed(true);
    yAxis->setTickLength(0, 0);
    yAxis->setPadding(style.pixels(0.5));
    if (isEmpty()) return;
    addLabels();
    QVector<double> losses;
    QVector<double> places;
    for (const SensitivityBar& shown : m_data->bars) {
        // A logarithmic axis has no place for a loss of 0.
        losses.append(shown.loss > 0.0 ? shown.loss : std::numeric_limits<double>::quiet_NaN());
        places.append(static_cast<double>(places.size()));
    }
    const QCPScatterStyle marker =
        scatterStyle(familyMark(m_data->family), MarkState::Front, style);
    // The tensors are the keys: the line of each is where its dot lies.
    QCPGraph* graph = addGraph(yAxis, xAxis);
    graph->setLineStyle(QCPGraph::lsNone);
    graph->setSelectable(QCP::stNone);
    graph->setScatterStyle(marker);
    graph->setData(places, losses, true);
    setKey({{tr("%1 alone").arg(m_data->method), marker}});
    sayWhatIsInView();
}

// Names take less than half of the width.
void SensitivityPlot::addLabels() {
    QStringList names;
    for (const SensitivityBar& shown : m_data->bars)
        names.append(shown.label);
    nameBars(yAxis, names, 0.4 * viewport().width());
}

void SensitivityPlot::prepareFigure() {
    if (isEmpty()) return;
    addLabels();
    if (!viewChosen()) fitView();
    sayWhatIsInView();
}

void SensitivityPlot::resizeEvent(QResizeEvent* event) {
    PlotWidget::resizeEvent(event);
    prepareFigure();
}

void SensitivityPlot::sayWhatIsInView() {
    int inView = 0;
    for (int mark = 0; mark < markCount(); ++mark)
        inView += yAxis->range().contains(mark) ? 1 : 0;
    if (inView == markCount()) {
        setNotes({});
    } else {
        setNotes({tr("%1 of %2 in view; the wheel zooms, dragging pans")
                      .arg(countText(static_cast<std::uint64_t>(inView)),
                           countText(m_data->bars.size(), tr("tensor"), tr("tensors")))});
    }
}

void SensitivityPlot::fitView() {
    if (isEmpty()) return;
    double least = std::numeric_limits<double>::infinity();
    double most = 0.0;
    for (const SensitivityBar& shown : m_data->bars) {
        if (!(shown.loss > 0.0)) continue;
        least = std::min(least, shown.loss);
        most = std::max(most, shown.loss);
    }
    updateLayout();
    const double lineHeight = 1.15 * QFontMetricsF(yAxis->tickLabelFont()).height();
    const int room = std::max(fewBars, static_cast<int>(axisRect()->height() / lineHeight));
    yAxis->setRange(-0.5, std::clamp(markCount(), fewBars, room) - 0.5);
    constexpr double air = 1.5;
    if (most > 0.0) xAxis->setRange(least / air, most * air);
}

int SensitivityPlot::markCount() const {
    return static_cast<int>(m_data->bars.size());
}

QRectF SensitivityPlot::markRect(int mark) const {
    const double size = 0.6 * plotStyle().em;
    const double loss = bar(mark).loss;
    QRectF rect(0.0, 0.0, size, size);
    rect.moveCenter(
        {loss > 0.0 ? xAxis->coordToPixel(loss) : static_cast<double>(axisRect()->rect().left()),
         yAxis->coordToPixel(mark)});
    return rect;
}

QString SensitivityPlot::markText(int mark) const {
    const SensitivityBar& shown = bar(mark);
    QString text = tr("%1\n%2\n%3 bits per weight, loss %4, %5 of all tensors'")
                       .arg(shown.tensor, m_data->method, numberText(shown.bitsPerWeight),
                            numberText(shown.loss), percentText(shown.lossShare));
    if (shown.gainPerBit) {
        text += u'\n' + tr("a bit more would save %1 of loss").arg(numberText(*shown.gainPerBit));
    }
    return text;
}

QString SensitivityPlot::markTrial(int mark) const {
    return bar(mark).trialId;
}

std::unique_ptr<TableTwin> SensitivityPlot::makeTable() const {
    const std::shared_ptr<const SensitivityData> shared = m_data;
    const auto at = [shared](int row) -> const SensitivityBar& {
        return shared->bars[static_cast<std::size_t>(row)];
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Tensor"), [at](int row) { return at(row).tensor; }},
        {tr("Method"), [shared](int) { return shared->method; }},
        {tr("Bits per weight"), [at](int row) { return at(row).bitsPerWeight; }},
        {lossTitle(), [at](int row) { return at(row).loss; }},
        {tr("Share of the loss"), [at](int row) { return at(row).lossShare; }},
        {tr("A bit more saves"),
         [at](int row) {
             const std::optional<double>& gain = at(row).gainPerBit;
             return gain ? QVariant(*gain) : QVariant();
         }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
