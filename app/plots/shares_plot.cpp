// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/shares_plot.h"

#include <algorithm>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

constexpr double groupWidth = 0.8;  // Of the distance between codebooks.

}  // namespace

SharesPlot::SharesPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<SharesData>()) {
    setAccessibleName(tr("Shares by codebook"));
    // Bars start at zero at any zoom.
    axisRect()->setRangeDrag(Qt::Horizontal);
    axisRect()->setRangeZoom(Qt::Horizontal);
    axisRect()->setRangeZoomAxes(xAxis, nullptr);
    dataChanged();
}

void SharesPlot::setData(SharesData data) {
    adopt(std::make_shared<const SharesData>(std::move(data)));
}

void SharesPlot::adopt(std::shared_ptr<const SharesData> data) {
    m_data = std::move(data);
    setTitle(m_data->title);
    dataChanged();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("%1 of %2")
                        .arg(m_data->measure,
                             countText(m_data->codebooks.size(), tr("codebook"), tr("codebooks"))));
}

std::unique_ptr<PlotWidget> SharesPlot::clone() const {
    auto copy = std::make_unique<SharesPlot>();
    copy->adopt(m_data);
    return copy;
}

bool SharesPlot::isEmpty() const {
    return m_data->series.empty();
}

QString SharesPlot::emptyText() const {
    return tr(
        "How the variance of the rows is spread over the slices of product quantization, with "
        "and without a rotation, or what each stage of residual quantization leaves, will be "
        "seen here. Select a trial of pq or rvq.");
}

QString SharesPlot::figureName() const {
    return QStringLiteral("shares");
}

void SharesPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Whole));
    xAxis->setLabel(m_data->axis);
    xAxis->grid()->setVisible(false);
    yAxis->setTicker(QSharedPointer<LinearTicker>::create(yAxis, LinearTicker::Values::Percent));
    yAxis->setLabel(m_data->measure);
    if (isEmpty()) return;
    std::vector<StripEntry> key;
    const QColor color = style.readable(orderedColor(style, 0, 2));
    for (int i = 0; i < seriesCount(); ++i) {
        QVector<double> positions;
        QVector<double> values;
        for (int codebook = 0; codebook < static_cast<int>(m_data->codebooks.size()); ++codebook) {
            positions.append(middle({codebook, i}));
            values.append(share({codebook, i}));
        }
        auto* bars = new QCPBars(xAxis, yAxis);
        bars->setData(positions, values, true);
        bars->setWidth(barWidth());
        bars->setPen(Qt::NoPen);
        // The last series is the one that counts.
        bars->setBrush(i + 1 == seriesCount() ? color : style.faded(style.secondaryText, 0.5));
        bars->setSelectable(QCP::stNone);
        key.push_back({m_data->series[static_cast<std::size_t>(i)].name,
                       QCPScatterStyle(QCPScatterStyle::ssNone), Qt::NoPen, bars->brush()});
    }
    setKey(std::move(key));
}

void SharesPlot::fitView() {
    if (isEmpty()) return;
    double greatest = 0.0;
    for (const SharesSeries& series : m_data->series)
        greatest = std::max(greatest, std::ranges::max(series.shares));
    constexpr double room = 1.05;
    xAxis->setRange(0.4, static_cast<double>(m_data->codebooks.size()) + 0.6);
    yAxis->setRange(0.0, greatest > 0.0 ? greatest * room : 1.0);
}

double SharesPlot::share(const Bar& bar) const {
    return m_data->series[static_cast<std::size_t>(bar.series)]
        .shares[static_cast<std::size_t>(bar.codebook)];
}

double SharesPlot::barWidth() const {
    return groupWidth / seriesCount();
}

double SharesPlot::middle(const Bar& bar) const {
    return bar.codebook + 1.0 - groupWidth / 2.0 + (bar.series + 0.5) * barWidth();
}

int SharesPlot::markCount() const {
    return static_cast<int>(m_data->codebooks.size() * m_data->series.size());
}

QRectF SharesPlot::markRect(int mark) const {
    const double left = xAxis->coordToPixel(middle(bar(mark)) - barWidth() / 2.0);
    const double right = xAxis->coordToPixel(middle(bar(mark)) + barWidth() / 2.0);
    const double top = yAxis->coordToPixel(share(bar(mark)));
    return {left, top, right - left, yAxis->coordToPixel(0.0) - top};
}

QString SharesPlot::markText(int mark) const {
    const Bar at = bar(mark);
    return tr("%1\n%2: %3")
        .arg(m_data->codebooks[at.codebook],
             m_data->series[static_cast<std::size_t>(at.series)].name, percentText(share(at)));
}

std::unique_ptr<TableTwin> SharesPlot::makeTable() const {
    const std::shared_ptr<const SharesData> shared = m_data;
    const int count = seriesCount();
    std::vector<TableTwin::Column> columns = {
        {m_data->axis, [shared, count](int row) { return shared->codebooks[row / count]; }},
        {tr("Of"),
         [shared, count](int row) {
             return shared->series[static_cast<std::size_t>(row % count)].name;
         }},
        {m_data->measure,
         [shared, count](int row) {
             return 100.0 * shared->series[static_cast<std::size_t>(row % count)]
                                .shares[static_cast<std::size_t>(row / count)];
         }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
