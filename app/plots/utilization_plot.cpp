// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/utilization_plot.h"

#include <algorithm>
#include <limits>
#include <set>

#include "app/plots/axis_tickers.h"
#include "app/plots/label_placer.h"
#include "app/plots/painted_layer.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

// Above this ratio of the largest to the smallest share the small ones vanish on a linear axis.
constexpr double linearRatio = 30.0;
// Up to this many codebooks each have a colour of their own.
constexpr int coloredCurves = 6;

}  // namespace

UtilizationPlot::UtilizationPlot(QWidget* parent)
    : CurvesPlot(coloredCurves, parent), m_data(std::make_shared<UtilizationData>()) {
    setAccessibleName(tr("Codebook utilization plot"));
    new PaintedLayer(this, QStringLiteral("legend"), [this](QCPPainter& p) { paintMarks(p); });
    dataChanged();
}

void UtilizationPlot::setData(UtilizationData data) {
    adopt(std::make_shared<const UtilizationData>(std::move(data)));
}

void UtilizationPlot::adopt(std::shared_ptr<const UtilizationData> data,
                            std::optional<int> current) {
    m_data = std::move(data);
    CurvePoints points;
    int worst = -1;
    double greatest = 0.0;
    double least = std::numeric_limits<double>::infinity();
    double worstEvenness = std::numeric_limits<double>::infinity();
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        const UtilizationSeries& book = series(i);
        points.addCurve(codewords(i));
        for (const double share : book.shares) {
            greatest = std::max(greatest, share);
            if (share > 0.0) least = std::min(least, share);
        }
        const double evenness = book.perplexity / std::max(1, codewords(i));
        if (evenness < worstEvenness) {
            worstEvenness = evenness;
            worst = i;
        }
    }
    setCurves(std::move(points), current.value_or(worst));
    m_logShares = greatest > linearRatio * least;
    setTitle(m_data->title);
    setAccessibleDescription(
        isEmpty() ? emptyText() : m_data->title + QStringLiteral(". ") + usageText(currentCurve()));
    dataChanged();
}

std::unique_ptr<PlotWidget> UtilizationPlot::clone() const {
    auto copy = std::make_unique<UtilizationPlot>();
    copy->adopt(m_data, currentCurve());
    return copy;
}

QString UtilizationPlot::emptyText() const {
    return tr(
        "How evenly a quantizer uses its codewords will be seen here: one curve per codebook "
        "or stage, with dead codewords marked. Select a finished trial.");
}

QString UtilizationPlot::figureName() const {
    return QStringLiteral("utilization");
}

// Short, so that the key of a small figure leaves room for the curves.
QString UtilizationPlot::keyText(int codebook, bool /*alone*/) const {
    const UtilizationSeries& book = series(codebook);
    if (!plotStyle().figure) return usageText(codebook);
    if (book.dead == 0) return book.name;
    return tr("%1 (%2 dead)").arg(book.name, countText(static_cast<std::uint64_t>(book.dead)));
}

QString UtilizationPlot::usageText(int codebook) const {
    const UtilizationSeries& book = series(codebook);
    QString text = tr("%1: perplexity %2 of %3")
                       .arg(book.name, numberText(book.perplexity), countText(book.shares.size()));
    if (book.dead > 0) {
        text += tr(", %1 dead").arg(countText(static_cast<std::uint64_t>(book.dead)));
    }
    return text;
}

void UtilizationPlot::rebuild() {
    const auto values = LinearTicker::Values::Percent;
    yAxis->setScaleType(m_logShares ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (m_logShares) {
        yAxis->setTicker(QSharedPointer<LogTicker>::create(yAxis, values));
    } else {
        yAxis->setTicker(QSharedPointer<LinearTicker>::create(yAxis, values));
    }
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Whole));
    xAxis->grid()->setVisible(false);
    xAxis->setLabel(tr("Codeword, most used first"));
    yAxis->setLabel(tr("Share of codes (%)"));
    if (isEmpty()) return;
    addCurves();
}

void UtilizationPlot::addCurve(int codebook) {
    const int used = usedCodewords(codebook);
    // A step per codeword, from half a rank before it to half a rank after it.
    QVector<double> edges;
    QVector<double> shares;
    for (int rank = 0; rank < used; ++rank) {
        edges.append(rank + 0.5);
        shares.append(value({codebook, rank}));
    }
    if (used > 0) {
        edges.append(used + 0.5);
        shares.append(shares.back());
    }
    const PlotStyle& style = plotStyle();
    const QColor color = curveColor(codebook);
    const bool strong = codebook == currentCurve();
    QCPGraph* graph = addGraph();
    graph->setLineStyle(QCPGraph::lsStepLeft);
    graph->setPen(style.pen(color, strong ? 1.4 * style.stroke : style.stroke));
    if (m_data->codebooks.size() == 1 && !m_logShares) {
        graph->setBrush(style.faded(color, 0.25));
    }
    graph->setSelectable(QCP::stNone);
    graph->setData(edges, shares, true);
}

void UtilizationPlot::fitView() {
    if (isEmpty()) return;
    int longest = 1;
    double greatest = 0.0;
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        longest = std::max(longest, codewords(i));
        const double equal = 1.0 / std::max(1, codewords(i));
        greatest = std::max(greatest, equal);
        least = std::min(least, equal);
        for (const double share : series(i).shares) {
            greatest = std::max(greatest, share);
            if (share > 0.0) least = std::min(least, share);
        }
    }
    xAxis->setRange(0.5, longest + 0.5);
    yAxis->setRange(m_logShares ? QCPRange(0.4 * least, 1.6 * greatest)
                                : QCPRange(0.0, 1.12 * greatest));
}

double UtilizationPlot::value(const CurvePoints::Point& codeword) const {
    return series(codeword.curve).shares[static_cast<std::size_t>(codeword.place)];
}

QString UtilizationPlot::markText(int mark) const {
    const CurvePoints::Point word = points().at(mark);
    const double share = value(word);
    const QString usage =
        share > 0.0 ? tr("%1 of codes (equal use: %2)")
                          .arg(percentText(share), percentText(1.0 / codewords(word.curve)))
                    : tr("dead: no code uses it");
    return tr("%1\ncodeword %2 of %3 by use: %4")
        .arg(usageText(word.curve), countText(static_cast<std::uint64_t>(word.place) + 1),
             countText(static_cast<std::uint64_t>(codewords(word.curve))), usage);
}

// Equal use as a dashed line, and a bar on the axis for the dead codewords of each coloured curve.
void UtilizationPlot::paintMarks(QCPPainter& painter) const {
    if (isEmpty()) return;
    const PlotStyle& style = plotStyle();
    const QRectF area(axisRect()->rect());
    const QFontMetricsF metrics(style.smallFont);
    painter.setFont(style.smallFont);
    LabelPlacer placer(area);
    std::set<int> sizes;
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        sizes.insert(codewords(i));
        std::vector<QPointF> curve;
        const int step = std::max(1, codewords(i) / 64);
        for (int rank = 0; rank < usedCodewords(i); rank += step) {
            curve.push_back(markRect(points().numberOf({i, rank})).center());
        }
        placer.blockLine(curve, style.hairline);
    }
    for (const int size : sizes) {
        if (size == 0) continue;
        const double y = yAxis->coordToPixel(1.0 / size);
        const std::vector<QPointF> line = {{area.left(), y}, {xAxis->coordToPixel(size + 0.5), y}};
        painter.setPen(style.pen(style.secondaryText, style.hairline, Qt::DashLine));
        painter.drawLine(line[0], line[1]);
        placer.blockLine(line, style.hairline);
        const QString name = tr("equal use, 1/%1").arg(size);
        const QSizeF extent(metrics.horizontalAdvance(name), metrics.height());
        const auto place = placer.placeAlong(line, extent, 0.15 * style.em, false);
        if (!place) continue;
        painter.setPen(style.secondaryText);
        painter.drawText(
            QRectF(place->center.x() - 0.5 * extent.width(),
                   place->center.y() - 0.5 * extent.height(), extent.width(), extent.height()),
            Qt::AlignCenter | Qt::TextDontClip, name);
    }
    const double barHeight = style.pixels(0.3);
    double bottom = area.bottom();
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        if (series(i).dead == 0 || (manyCurves() && i != currentCurve())) continue;
        const double left = xAxis->coordToPixel(usedCodewords(i) + 0.5);
        const double right = xAxis->coordToPixel(codewords(i) + 0.5);
        const QRectF bar(left, bottom - barHeight, std::max(right - left, 2.0), barHeight);
        painter.setPen(Qt::NoPen);
        painter.setBrush(curveColor(i));
        painter.drawRect(bar);
        painter.setBrush(Qt::NoBrush);
        placer.block(bar);
        bottom -= barHeight + style.hairline;
    }
    markEndOfUse(painter, placer);
}

// A cross where a curve ends before its last codeword; the key has the counts, and the current
// curve says its own.
void UtilizationPlot::markEndOfUse(QCPPainter& painter, LabelPlacer& placer) const {
    const PlotStyle& style = plotStyle();
    const QFontMetricsF metrics(style.smallFont);
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        if (series(i).dead == 0 || usedCodewords(i) == 0) continue;
        const QRectF end = markRect(points().numberOf({i, usedCodewords(i) - 1}));
        painter.setPen(style.pen(curveColor(i), style.figure ? style.stroke : 1.5));
        painter.drawLine(end.topLeft(), end.bottomRight());
        painter.drawLine(end.bottomLeft(), end.topRight());
        placer.block(end);
        if (i != currentCurve()) continue;
        const QString text =
            tr("%1 dead").arg(countText(static_cast<std::uint64_t>(series(i).dead)));
        const QSizeF size(metrics.horizontalAdvance(text), metrics.height());
        const auto place = placer.placeBeside(end, size, 0.2 * style.em, false);
        if (!place) continue;
        painter.setPen(style.warning);
        QRectF box(QPointF(), size);
        box.moveCenter(place->center);
        painter.drawText(box, Qt::AlignCenter | Qt::TextDontClip, text);
    }
}

std::unique_ptr<TableTwin> UtilizationPlot::makeTable() const {
    const std::shared_ptr<const UtilizationData> shared = m_data;
    const auto locate = [shared, numbers = points()](int row) {
        const CurvePoints::Point at = numbers.at(row);
        return std::pair(&shared->codebooks[static_cast<std::size_t>(at.curve)], at.place);
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Codebook"), [locate](int row) { return locate(row).first->name; }},
        {tr("Codeword, most used first"), [locate](int row) { return locate(row).second + 1; }},
        {tr("Share of codes"),
         [locate](int row) {
             const auto [book, rank] = locate(row);
             return book->shares[static_cast<std::size_t>(rank)];
         }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
