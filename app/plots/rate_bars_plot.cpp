// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/rate_bars_plot.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/painted_layer.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

constexpr double barThickness = 0.72;  // Of the distance between bars.
constexpr int fewBars = 5;
// Of the longest bar. Less is thinner than a line in any window; the table has all parts.
constexpr double leastVisible = 1.0 / 400.0;

double total(const RateBar& bar) {
    return std::accumulate(bar.bitsPerWeight.begin(), bar.bitsPerWeight.end(), 0.0);
}

QString partName(std::size_t part) {
    const std::string_view name = ratePartName(allRateParts[part]);
    QString text = QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
    text[0] = text[0].toUpper();
    return text;
}

}  // namespace

RateBarsPlot::RateBarsPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<RateBarsData>()) {
    setAccessibleName(tr("Bits per weight by part"));
    // Bars start at zero at any zoom: only the list of trials is zoomed and panned.
    axisRect()->setRangeDrag(Qt::Vertical);
    axisRect()->setRangeZoom(Qt::Vertical);
    axisRect()->setRangeZoomAxes(nullptr, yAxis);
    new PaintedLayer(this, QStringLiteral("legend"), [this](QCPPainter& p) { paintTotals(p); });
    connect(yAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
            &RateBarsPlot::sayWhatIsInView);
    dataChanged();
}

void RateBarsPlot::setData(RateBarsData data) {
    adopt(std::make_shared<const RateBarsData>(std::move(data)));
}

void RateBarsPlot::adopt(std::shared_ptr<const RateBarsData> data) {
    m_data = std::move(data);
    setTitle(m_data->title);
    dataChanged();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("Bits per weight of %1, split by what they are spent on.")
                        .arg(countText(m_data->bars.size(), tr("trial"), tr("trials"))));
}

std::unique_ptr<PlotWidget> RateBarsPlot::clone() const {
    auto copy = std::make_unique<RateBarsPlot>();
    copy->adopt(m_data);
    return copy;
}

bool RateBarsPlot::isEmpty() const {
    return m_data->bars.empty();
}

QString RateBarsPlot::emptyText() const {
    return tr(
        "Where the bits of each trial go will be seen here: codes, scales, codebooks and what "
        "else is stored. Run an experiment, or select trials.");
}

QString RateBarsPlot::figureName() const {
    return QStringLiteral("bits");
}

bool RateBarsPlot::hasPart(std::size_t part) const {
    double most = 0.0;
    for (const RateBar& bar : m_data->bars)
        most = std::max(most, total(bar));
    return std::ranges::any_of(m_data->bars, [part, most](const RateBar& bar) {
        return bar.bitsPerWeight[part] > leastVisible * most;
    });
}

void RateBarsPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Real));
    xAxis->setLabel(tr("Bits per weight"));
    yAxis->setRangeReversed(true);
    yAxis->setTickLength(0, 0);
    yAxis->setPadding(style.pixels(0.5));  // Names do not touch the edge of the figure.
    yAxis->grid()->setVisible(false);
    if (isEmpty()) return;
    addLabels();

    QVector<double> positions;
    for (int i = 0; i < markCount(); ++i)
        positions.append(i);
    std::vector<StripEntry> key;
    QCPBars* below = nullptr;
    for (std::size_t part = 0; part < allRateParts.size(); ++part) {
        if (!hasPart(part)) continue;
        QVector<double> values;
        for (const RateBar& bar : m_data->bars)
            values.append(bar.bitsPerWeight[part]);
        auto* bars = new QCPBars(yAxis, xAxis);
        bars->setData(positions, values, true);
        bars->setWidth(barThickness);
        bars->setPen(Qt::NoPen);
        bars->setBrush(ratePartColor(allRateParts[part], style));
        bars->setSelectable(QCP::stNone);
        if (below != nullptr) bars->moveAbove(below);
        below = bars;
        key.push_back(
            {partName(part), QCPScatterStyle(QCPScatterStyle::ssNone), Qt::NoPen, bars->brush()});
    }
    setKey(std::move(key));
}

// Names take less than half of the width.
void RateBarsPlot::addLabels() {
    QStringList names;
    for (const RateBar& bar : m_data->bars)
        names.append(bar.label);
    nameBars(yAxis, names, 0.45 * viewport().width());
}

void RateBarsPlot::prepareFigure() {
    if (isEmpty()) return;
    addLabels();
    if (!viewChosen()) fitView();
    sayWhatIsInView();
}

void RateBarsPlot::resizeEvent(QResizeEvent* event) {
    PlotWidget::resizeEvent(event);
    prepareFigure();
}

void RateBarsPlot::sayWhatIsInView() {
    int inView = 0;
    for (int mark = 0; mark < markCount(); ++mark)
        inView += yAxis->range().contains(mark) ? 1 : 0;
    if (inView == markCount()) {
        setNotes({});
    } else {
        setNotes({tr("%1 of %2 in view")
                      .arg(countText(static_cast<std::uint64_t>(inView)),
                           countText(m_data->bars.size(), tr("trial"), tr("trials")))});
    }
}

void RateBarsPlot::fitView() {
    if (isEmpty()) return;
    double longest = 0.0;
    for (const RateBar& bar : m_data->bars)
        longest = std::max(longest, total(bar));
    // As many bars as can be told apart; a few do not grow into blocks.
    updateLayout();
    const double lineHeight = 1.1 * QFontMetricsF(yAxis->tickLabelFont()).height();
    const int room = std::max(fewBars, static_cast<int>(axisRect()->height() / lineHeight));
    yAxis->setRange(-0.5, std::clamp(markCount(), fewBars, room) - 0.5);
    // Room for the totals at the bars' ends.
    const double totalWidth =
        QFontMetricsF(plotStyle().smallFont).horizontalAdvance(QStringLiteral("00.00")) +
        0.6 * plotStyle().em;
    const double share = std::min(0.5, totalWidth / std::max(1, axisRect()->width()));
    xAxis->setRange(0.0, longest > 0.0 ? longest / (1.0 - share) : 1.0);
}

int RateBarsPlot::markCount() const {
    return static_cast<int>(m_data->bars.size());
}

QRectF RateBarsPlot::markRect(int mark) const {
    const double top = yAxis->coordToPixel(mark - 0.5 * barThickness);
    const double bottom = yAxis->coordToPixel(mark + 0.5 * barThickness);
    const double left = xAxis->coordToPixel(0.0);
    return {left, top, xAxis->coordToPixel(total(bar(mark))) - left, bottom - top};
}

QString RateBarsPlot::markText(int mark) const {
    const RateBar& shown = bar(mark);
    QString text = shown.label + u'\n' + tr("%1 bits per weight").arg(numberText(total(shown)));
    for (std::size_t part = 0; part < allRateParts.size(); ++part) {
        const double bits = shown.bitsPerWeight[part];
        if (bits <= 0.0) continue;
        text +=
            u'\n' + tr("%1: %2 (%3)")
                        .arg(partName(part), numberText(bits), percentText(bits / total(shown)));
    }
    return text;
}

QString RateBarsPlot::markTrial(int mark) const {
    return bar(mark).trialId;
}

// The whole row of a bar can be hit, its label and the space behind it included.
int RateBarsPlot::markAt(const QPointF& position) const {
    const QRect area = axisRect()->rect();
    if (position.y() < area.top() || position.y() > area.bottom()) return -1;
    const int mark = static_cast<int>(std::lround(yAxis->pixelToCoord(position.y())));
    return mark >= 0 && mark < markCount() ? mark : -1;
}

void RateBarsPlot::paintTotals(QCPPainter& painter) const {
    if (isEmpty()) return;
    const PlotStyle& style = plotStyle();
    const QFontMetricsF metrics(style.smallFont);
    const double rowHeight = std::abs(yAxis->coordToPixel(1.0) - yAxis->coordToPixel(0.0));
    if (rowHeight < 0.9 * metrics.height()) return;
    painter.setFont(style.smallFont);
    painter.setPen(style.text);
    for (int mark = 0; mark < markCount(); ++mark) {
        const QRectF rect = markRect(mark);
        const QString text = QString::number(total(bar(mark)), 'f', 2);
        painter.drawText(QRectF(rect.right() + 0.4 * style.em, rect.center().y() - metrics.height(),
                                metrics.horizontalAdvance(text) + 1.0, 2.0 * metrics.height()),
                         Qt::AlignLeft | Qt::AlignVCenter, text);
    }
}

std::unique_ptr<TableTwin> RateBarsPlot::makeTable() const {
    const std::shared_ptr<const RateBarsData> shared = m_data;
    const auto barAt = [shared](int row) -> const RateBar& {
        return shared->bars[static_cast<std::size_t>(row)];
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Trial"), [barAt](int row) { return barAt(row).label; }},
        {tr("Bits per weight"), [barAt](int row) { return total(barAt(row)); }},
    };
    for (std::size_t part = 0; part < allRateParts.size(); ++part) {
        columns.push_back({partName(part) + tr(" (bits per weight)"),
                           [barAt, part](int row) { return barAt(row).bitsPerWeight[part]; }});
    }
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
