// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/utilization_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/label_placer.h"
#include "app/plots/painted_layer.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

// Above this ratio of the largest to the smallest share the small ones vanish on a linear axis.
constexpr double linearRatio = 30.0;

}  // namespace

UtilizationPlot::UtilizationPlot(QWidget* parent)
    : PlotWidget(parent), m_data(std::make_shared<UtilizationData>()), m_firstMark{0} {
    setAccessibleName(tr("Codebook utilization plot"));
    new PaintedLayer(this, QStringLiteral("legend"), [this](QCPPainter& p) { paintMarks(p); });
    dataChanged();
}

void UtilizationPlot::setData(UtilizationData data) {
    adopt(std::make_shared<const UtilizationData>(std::move(data)));
}

void UtilizationPlot::adopt(std::shared_ptr<const UtilizationData> data) {
    m_data = std::move(data);
    m_firstMark = {0};
    double greatest = 0.0;
    double least = std::numeric_limits<double>::infinity();
    double worstEvenness = std::numeric_limits<double>::infinity();
    m_currentCodebook = -1;
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        const UtilizationSeries& book = series(i);
        m_firstMark.push_back(m_firstMark.back() + codewords(i));
        for (const double share : book.shares) {
            greatest = std::max(greatest, share);
            if (share > 0.0) least = std::min(least, share);
        }
        const double evenness = book.perplexity / std::max(1, codewords(i));
        if (evenness < worstEvenness) {
            worstEvenness = evenness;
            m_currentCodebook = i;
        }
    }
    m_logShares = greatest > linearRatio * least;
    setTitle(m_data->title);
    setAccessibleDescription(isEmpty() ? emptyText()
                                       : m_data->title + QStringLiteral(". ") +
                                             usageText(m_currentCodebook));
    dataChanged();
}

std::unique_ptr<PlotWidget> UtilizationPlot::clone() const {
    auto copy = std::make_unique<UtilizationPlot>();
    copy->adopt(m_data);
    copy->setCurrentCodebook(m_currentCodebook);
    return copy;
}

void UtilizationPlot::setCurrentCodebook(int codebook) {
    const bool known = codebook >= 0 && codebook < static_cast<int>(m_data->codebooks.size());
    if (!known || codebook == m_currentCodebook) return;
    m_currentCodebook = codebook;
    restyle();
    Q_EMIT currentCodebookChanged(codebook);
}

bool UtilizationPlot::isEmpty() const {
    return m_data->codebooks.empty() || m_firstMark.back() == 0;
}

QString UtilizationPlot::emptyText() const {
    return tr(
        "How evenly a quantizer uses its codewords will be seen here: one curve per codebook "
        "or stage, with dead codewords marked. Select a finished trial.");
}

QString UtilizationPlot::figureName() const {
    return QStringLiteral("utilization");
}

bool UtilizationPlot::manyCurves() const {
    return static_cast<int>(m_data->codebooks.size()) > maxColoredCurves;
}

// Codebooks are ordered, stages most of all: so are the colours.
QColor UtilizationPlot::curveColor(int codebook) const {
    const PlotStyle& style = plotStyle();
    if (manyCurves()) {
        return codebook == m_currentCodebook ? style.accent
                                             : style.faded(style.secondaryText, 0.35);
    }
    return orderedColor(style, codebook, static_cast<int>(m_data->codebooks.size()));
}

// Short, so that the key of a small figure leaves room for the curves.
QString UtilizationPlot::keyText(int codebook) const {
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
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        if (i != m_currentCodebook) addCurve(i);
    }
    addCurve(m_currentCodebook);
    updateKey();
}

void UtilizationPlot::addCurve(int codebook) {
    const int used = usedCodewords(codebook);
    // A step per codeword, from half a rank before it to half a rank after it.
    QVector<double> edges;
    QVector<double> shares;
    for (int rank = 0; rank < used; ++rank) {
        edges.append(rank + 0.5);
        shares.append(share({codebook, rank}));
    }
    if (used > 0) {
        edges.append(used + 0.5);
        shares.append(shares.back());
    }
    const PlotStyle& style = plotStyle();
    const QColor color = curveColor(codebook);
    const bool strong = codebook == m_currentCodebook;
    QCPGraph* graph = addGraph();
    graph->setLineStyle(QCPGraph::lsStepLeft);
    graph->setPen(style.pen(color, strong ? 1.4 * style.stroke : style.stroke));
    if (m_data->codebooks.size() == 1 && !m_logShares) {
        graph->setBrush(style.faded(color, 0.25));
    }
    graph->setSelectable(QCP::stNone);
    graph->setData(edges, shares, true);
}

void UtilizationPlot::updateKey() {
    const PlotStyle& style = plotStyle();
    const QCPScatterStyle none(QCPScatterStyle::ssNone);
    const double width = style.figure ? style.stroke : 2.0;
    std::vector<StripEntry> entries;
    if (manyCurves()) {
        entries.push_back(
            {keyText(m_currentCodebook), none, style.pen(curveColor(m_currentCodebook), width)});
        const int other = m_currentCodebook == 0 ? 1 : 0;
        entries.push_back({tr("%1 others").arg(m_data->codebooks.size() - 1), none,
                           style.pen(curveColor(other), width)});
    } else {
        for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
            entries.push_back({keyText(i), none, style.pen(curveColor(i), width)});
        }
    }
    setKey(std::move(entries));
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

double UtilizationPlot::share(const Codeword& codeword) const {
    return series(codeword.codebook).shares[static_cast<std::size_t>(codeword.rank)];
}

UtilizationPlot::Codeword UtilizationPlot::codeword(int mark) const {
    const auto next = std::ranges::upper_bound(m_firstMark, mark);
    const auto codebook = static_cast<int>(next - m_firstMark.begin()) - 1;
    return {codebook, mark - m_firstMark[static_cast<std::size_t>(codebook)]};
}

int UtilizationPlot::markOf(const Codeword& codeword) const {
    return m_firstMark[static_cast<std::size_t>(codeword.codebook)] + codeword.rank;
}

int UtilizationPlot::markCount() const {
    return m_firstMark.back();
}

QRectF UtilizationPlot::markRect(int mark) const {
    const Codeword word = codeword(mark);
    const double value = share(word);
    const double y = value > 0.0 ? yAxis->coordToPixel(value) : axisRect()->rect().bottom();
    QRectF rect(0.0, 0.0, 0.3 * plotStyle().em, 0.3 * plotStyle().em);
    rect.moveCenter({xAxis->coordToPixel(word.rank + 1.0), y});
    return rect;
}

QString UtilizationPlot::markText(int mark) const {
    const Codeword word = codeword(mark);
    const double value = share(word);
    const QString usage =
        value > 0.0 ? tr("%1 of codes (equal use: %2)")
                          .arg(percentText(value), percentText(1.0 / codewords(word.codebook)))
                    : tr("dead: no code uses it");
    return tr("%1\ncodeword %2 of %3 by use: %4")
        .arg(usageText(word.codebook), countText(static_cast<std::uint64_t>(word.rank) + 1),
             countText(static_cast<std::uint64_t>(codewords(word.codebook))), usage);
}

int UtilizationPlot::markAt(const QPointF& position) const {
    if (!axisRect()->rect().contains(position.toPoint())) return -1;
    const double reach = 0.8 * plotStyle().em;
    const auto rankAt = [this](double pixel) {
        return static_cast<int>(std::lround(xAxis->pixelToCoord(pixel))) - 1;
    };
    int nearest = -1;
    double nearestDistance = reach;
    for (int i = 0; i < static_cast<int>(m_data->codebooks.size()); ++i) {
        const int last = std::min(codewords(i) - 1, rankAt(position.x() + reach));
        for (int rank = std::max(0, rankAt(position.x() - reach)); rank <= last; ++rank) {
            const int mark = markOf({i, rank});
            const QPointF offset = markRect(mark).center() - position;
            const double distance = std::hypot(offset.x(), offset.y());
            // The current curve lies on top of the others.
            const bool closer =
                i == m_currentCodebook ? distance <= nearestDistance : distance < nearestDistance;
            if (closer) {
                nearestDistance = distance;
                nearest = mark;
            }
        }
    }
    return nearest;
}

int UtilizationPlot::neighbour(int mark, Qt::Key key) const {
    const Codeword word = codeword(mark);
    const int last = static_cast<int>(m_data->codebooks.size()) - 1;
    const auto sameRank = [&](int codebook) {
        return markOf({codebook, std::min(word.rank, codewords(codebook) - 1)});
    };
    switch (key) {
        case Qt::Key_Home:
            return markOf({m_currentCodebook, 0});
        case Qt::Key_End:
            return markOf({m_currentCodebook, codewords(m_currentCodebook) - 1});
        case Qt::Key_Left:
            return markOf({word.codebook, std::max(0, word.rank - 1)});
        case Qt::Key_Right:
            return markOf({word.codebook, std::min(codewords(word.codebook) - 1, word.rank + 1)});
        case Qt::Key_Up:
            return sameRank(std::max(0, word.codebook - 1));
        default:
            return sameRank(std::min(last, word.codebook + 1));
    }
}

void UtilizationPlot::mouseReleaseEvent(QMouseEvent* event) {
    const bool click = event->button() == Qt::LeftButton && !mMouseHasMoved;
    PlotWidget::mouseReleaseEvent(event);
    if (!click || isEmpty()) return;
    const int mark = markAt(event->position());
    if (mark >= 0) setCurrentCodebook(codeword(mark).codebook);
}

void UtilizationPlot::keyPressEvent(QKeyEvent* event) {
    PlotWidget::keyPressEvent(event);
    if (currentMark() >= 0) setCurrentCodebook(codeword(currentMark()).codebook);
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
            curve.push_back(markRect(markOf({i, rank})).center());
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
        if (series(i).dead == 0 || (manyCurves() && i != m_currentCodebook)) continue;
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
        const QRectF end = markRect(markOf({i, usedCodewords(i) - 1}));
        painter.setPen(style.pen(curveColor(i), style.figure ? style.stroke : 1.5));
        painter.drawLine(end.topLeft(), end.bottomRight());
        painter.drawLine(end.bottomLeft(), end.topRight());
        placer.block(end);
        if (i != m_currentCodebook) continue;
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
    const std::vector<int> firstMark = m_firstMark;
    const auto locate = [shared, firstMark](int row) {
        const auto next = std::ranges::upper_bound(firstMark, row);
        const auto codebook = static_cast<std::size_t>(next - firstMark.begin()) - 1;
        return std::pair(&shared->codebooks[codebook], row - firstMark[codebook]);
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
