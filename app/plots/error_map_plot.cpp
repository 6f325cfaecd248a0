// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/error_map_plot.h"

#include <algorithm>
#include <cmath>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

// If the greatest error is this many times the median, linear colours would show it alone.
constexpr double linearRatio = 10.0;

// "channel 12", "channels 12 to 15", counted from 0 as in every array.
QString channels(double from, double to) {
    const auto first = static_cast<std::uint64_t>(std::ceil(from - 1e-6));
    const auto last = static_cast<std::uint64_t>(std::max(from, std::ceil(to - 1e-6) - 1.0));
    return last > first ? QStringLiteral("%1 to %2").arg(countText(first), countText(last))
                        : countText(first);
}

}  // namespace

ErrorMapPlot::ErrorMapPlot(QWidget* parent)
    : PlotWidget(parent),
      m_data(std::make_shared<ErrorMapData>()),
      m_scale(new QCPColorScale(this)) {
    setAccessibleName(tr("Error map"));
    plotLayout()->addElement(2, 1, m_scale);
    auto* edges = new QCPMarginGroup(this);
    for (QCPLayoutElement* element :
         {static_cast<QCPLayoutElement*>(axisRect()), static_cast<QCPLayoutElement*>(m_scale)}) {
        element->setMarginGroup(QCP::msTop | QCP::msBottom, edges);
    }
    m_scale->setRangeDrag(false);
    m_scale->setRangeZoom(false);
    dataChanged();
}

void ErrorMapPlot::setData(ErrorMapData data) {
    adopt(std::make_shared<const ErrorMapData>(std::move(data)));
}

void ErrorMapPlot::adopt(std::shared_ptr<const ErrorMapData> data) {
    const bool otherShape =
        data->tensorRows != m_data->tensorRows || data->tensorCols != m_data->tensorCols;
    m_data = std::move(data);
    chooseColors();
    setTitle(m_data->title);
    dataChanged();
    if (otherShape) resetView();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("%1. Greatest error: %2").arg(m_data->title, markText(worstCell())));
}

std::unique_ptr<PlotWidget> ErrorMapPlot::clone() const {
    auto copy = std::make_unique<ErrorMapPlot>();
    copy->adopt(m_data);
    return copy;
}

bool ErrorMapPlot::isEmpty() const {
    return m_data->rows <= 0 || m_data->cols <= 0 ||
           m_data->values.size() <
               static_cast<std::size_t>(m_data->rows) * static_cast<std::size_t>(m_data->cols);
}

QString ErrorMapPlot::emptyText() const {
    return tr(
        "Where in the matrix the error lies will be seen here, rows from top to "
        "bottom. Select a finished trial.");
}

QString ErrorMapPlot::figureName() const {
    return QStringLiteral("error-map");
}

void ErrorMapPlot::chooseColors() {
    std::vector<double> finite;
    for (const double value : m_data->values) {
        if (std::isfinite(value)) finite.push_back(value);
    }
    m_logColors = false;
    m_colorRange = {0.0, 1.0};
    if (finite.empty()) return;
    const auto middle = finite.begin() + static_cast<std::ptrdiff_t>(finite.size() / 2);
    std::ranges::nth_element(finite, middle);
    const double median = *middle;
    const auto [least, greatest] = std::ranges::minmax(finite);
    if (greatest <= 0.0) return;
    m_logColors = median > 0.0 && greatest > linearRatio * median;
    if (m_logColors) {
        // Cells without any error take the darkest colour.
        const double floor = std::max(least, 1e-3 * median);
        m_colorRange = {floor, greatest};
    } else {
        m_colorRange = {0.0, greatest};
    }
}

void ErrorMapPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    for (QCPAxis* axis : {xAxis, yAxis}) {
        axis->setTicker(QSharedPointer<LinearTicker>::create(axis, LinearTicker::Values::Whole));
        axis->grid()->setVisible(false);
    }
    yAxis->setRangeReversed(true);
    xAxis->setLabel(tr("Column"));
    yAxis->setLabel(tr("Row"));
    m_scale->setVisible(!isEmpty());
    if (isEmpty()) return;

    styleAxis(m_scale->axis());
    m_scale->axis()->setLabel(tr("RMS error / RMS weight"));
    m_scale->setBarWidth(style.pixels(0.9));
    m_scale->setMinimumMargins({style.pixels(0.4), 0, style.pixels(0.6), 0});
    m_scale->setDataScaleType(m_logColors ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (m_logColors) {
        m_scale->axis()->setTicker(QSharedPointer<LogTicker>::create(m_scale->axis()));
    } else {
        m_scale->axis()->setTicker(
            QSharedPointer<LinearTicker>::create(m_scale->axis(), LinearTicker::Values::Real));
    }
    QCPColorGradient gradient = viridis();
    gradient.setLevelCount(256);

    auto* map = new QCPColorMap(xAxis, yAxis);
    map->setInterpolate(false);
    map->setSelectable(QCP::stNone);
    // A colour map's range goes from centre to centre of its outer cells, so it needs two cells a
    // side at least: a single one is drawn as two halves.
    const int rows = std::max(2, m_data->rows);
    const int cols = std::max(2, m_data->cols);
    const double height = m_data->tensorRows / rows;
    const double width = m_data->tensorCols / cols;
    map->data()->setSize(cols, rows);
    map->data()->setRange({0.5 * width, m_data->tensorCols - 0.5 * width},
                          {0.5 * height, m_data->tensorRows - 0.5 * height});
    for (int row = 0; row < rows; ++row) {
        for (int col = 0; col < cols; ++col) {
            const double value =
                cellValue(std::min(row, m_data->rows - 1), std::min(col, m_data->cols - 1));
            // Keeps a NaN, which is drawn as nothing.
            const bool tooLow = m_logColors && value < m_colorRange.lower;
            map->data()->setCell(col, row, tooLow ? m_colorRange.lower : value);
        }
    }
    map->setColorScale(m_scale);
    m_scale->setGradient(gradient);
    m_scale->setDataRange(m_colorRange);
}

void ErrorMapPlot::fitView() {
    if (isEmpty()) return;
    xAxis->setRange(0.0, m_data->tensorCols);
    yAxis->setRange(0.0, m_data->tensorRows);
}

int ErrorMapPlot::markCount() const {
    return isEmpty() ? 0 : m_data->rows * m_data->cols;
}

QRectF ErrorMapPlot::markRect(int mark) const {
    const int row = mark / m_data->cols;
    const int col = mark % m_data->cols;
    return QRectF(QPointF(xAxis->coordToPixel(colEdge(col)), yAxis->coordToPixel(rowEdge(row))),
                  QPointF(xAxis->coordToPixel(colEdge(col + 1)),
                          yAxis->coordToPixel(rowEdge(row + 1))))
        .normalized();
}

QString ErrorMapPlot::markText(int mark) const {
    const int row = mark / m_data->cols;
    const int col = mark % m_data->cols;
    return tr("row %1\ncolumn %2\nRMS error / RMS weight: %3")
        .arg(channels(rowEdge(row), rowEdge(row + 1)), channels(colEdge(col), colEdge(col + 1)),
             numberText(m_data->values[static_cast<std::size_t>(mark)]));
}

int ErrorMapPlot::markAt(const QPointF& position) const {
    if (isEmpty() || !axisRect()->rect().contains(position.toPoint())) return -1;
    const double row =
        std::floor(yAxis->pixelToCoord(position.y()) / m_data->tensorRows * m_data->rows);
    const double col =
        std::floor(xAxis->pixelToCoord(position.x()) / m_data->tensorCols * m_data->cols);
    const bool inside = row >= 0.0 && row < m_data->rows && col >= 0.0 && col < m_data->cols;
    return inside ? static_cast<int>(row) * m_data->cols + static_cast<int>(col) : -1;
}

int ErrorMapPlot::neighbour(int mark, Qt::Key key) const {
    const int row = mark / m_data->cols;
    const int col = mark % m_data->cols;
    switch (key) {
        case Qt::Key_Home:
            return worstCell();
        case Qt::Key_End:
            return markCount() - 1;
        case Qt::Key_Left:
            return row * m_data->cols + std::max(0, col - 1);
        case Qt::Key_Right:
            return row * m_data->cols + std::min(m_data->cols - 1, col + 1);
        case Qt::Key_Up:
            return std::max(0, row - 1) * m_data->cols + col;
        default:
            return std::min(m_data->rows - 1, row + 1) * m_data->cols + col;
    }
}

int ErrorMapPlot::worstCell() const {
    int worst = 0;
    for (int mark = 0; mark < markCount(); ++mark) {
        const auto value = [this](int i) { return m_data->values[static_cast<std::size_t>(i)]; };
        if (value(mark) > value(worst) || std::isnan(value(worst))) worst = mark;
    }
    return worst;
}

std::unique_ptr<TableTwin> ErrorMapPlot::makeTable() const {
    const std::shared_ptr<const ErrorMapData> shared = m_data;
    const auto edge = [shared](bool rows, int index) {
        return rows ? index * shared->tensorRows / shared->rows
                    : index * shared->tensorCols / shared->cols;
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Row"),
         [=](int mark) {
             const int row = mark / shared->cols;
             return channels(edge(true, row), edge(true, row + 1));
         }},
        {tr("Column"),
         [=](int mark) {
             const int col = mark % shared->cols;
             return channels(edge(false, col), edge(false, col + 1));
         }},
        {tr("RMS error / RMS weight"),
         [shared](int mark) { return shared->values[static_cast<std::size_t>(mark)]; }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
