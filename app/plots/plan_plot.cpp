// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/plan_plot.h"

#include <QMenu>
#include <algorithm>
#include <cmath>

#include "app/plots/axis_tickers.h"
#include "app/plots/family_mark.h"
#include "app/plots/painted_layer.h"
#include "app/plots/plot_text.h"

namespace quantscope {

namespace {

// Strength of the bars whose results may still change; those of locked tensors are in full colour.
constexpr double unlocked = 0.75;
constexpr double barThickness = 0.66;  // Of the distance between bars.
constexpr int fewBars = 5;
constexpr double endReach = 0.5;  // In em, on both sides of a bar's end.

QVariant slopeCell(const std::optional<double>& slope) {
    return slope ? QVariant(*slope) : QVariant();
}

}  // namespace

PlanPlot::PlanPlot(QWidget* parent) : PlotWidget(parent), m_data(std::make_shared<PlanData>()) {
    setAccessibleName(tr("Bits per tensor"));
    // Bars start at zero at any zoom: only the list of tensors is zoomed and panned.
    axisRect()->setRangeDrag(Qt::Vertical);
    axisRect()->setRangeZoom(Qt::Vertical);
    axisRect()->setRangeZoomAxes(nullptr, yAxis);
    new PaintedLayer(this, QStringLiteral("legend"), [this](QCPPainter& p) { paintMarks(p); });
    connect(yAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
            &PlanPlot::sayWhatIsInView);
    dataChanged();
}

void PlanPlot::setData(PlanData data) {
    auto shared = std::make_shared<const PlanData>(std::move(data));
    // A bar that is being dragged stays under the mouse.
    if (m_drag) {
        m_waiting = std::move(shared);
    } else {
        adopt(std::move(shared));
    }
}

void PlanPlot::adopt(std::shared_ptr<const PlanData> data) {
    m_data = std::move(data);
    m_drag.reset();
    dataChanged();
    setAccessibleDescription(
        isEmpty() ? emptyText()
                  : tr("Bits per weight of %1 under a budget of %2 bits per weight.")
                        .arg(countText(m_data->bars.size(), tr("tensor"), tr("tensors")),
                             numberText(m_data->budget)));
}

std::unique_ptr<PlotWidget> PlanPlot::clone() const {
    auto copy = std::make_unique<PlanPlot>();
    copy->adopt(m_data);
    return copy;
}

bool PlanPlot::isEmpty() const {
    return m_data->bars.empty();
}

QString PlanPlot::emptyText() const {
    return tr(
        "What each tensor gets under a budget will be seen here. Run several methods on the "
        "tensors first: a plan chooses among measured results.");
}

QString PlanPlot::figureName() const {
    return QStringLiteral("plan");
}

double PlanPlot::shownBits(int mark) const {
    const PlanBar& shown = bar(mark);
    if (m_drag && m_drag->mark == mark) {
        return shown.choices[static_cast<std::size_t>(m_drag->choice)].bitsPerWeight;
    }
    return shown.choice().bitsPerWeight;
}

void PlanPlot::rebuild() {
    const PlotStyle& style = plotStyle();
    xAxis->setTicker(QSharedPointer<LinearTicker>::create(xAxis, LinearTicker::Values::Real));
    xAxis->setLabel(tr("Bits per weight"));
    yAxis->setRangeReversed(true);
    yAxis->setTickLength(0, 0);
    yAxis->setPadding(style.pixels(0.5));
    yAxis->grid()->setVisible(false);
    if (isEmpty()) return;
    addLabels();
    QStringList families;
    for (const PlanBar& shown : m_data->bars) {
        if (!families.contains(shown.family)) families << shown.family;
    }
    std::ranges::sort(families);
    std::vector<StripEntry> key;
    for (const QString& family : families) {
        key.push_back({family, QCPScatterStyle(QCPScatterStyle::ssNone), Qt::NoPen,
                       QBrush(style.faded(style.readable(familyMark(family).color), unlocked))});
    }
    key.push_back({tr("Budget"), QCPScatterStyle(QCPScatterStyle::ssNone),
                   style.pen(style.text, style.stroke, Qt::DashLine)});
    key.push_back({tr("Other results"), QCPScatterStyle(QCPScatterStyle::ssNone),
                   style.pen(style.secondaryText, style.hairline)});
    setKey(std::move(key));
}

// Names take less than half of the width.
void PlanPlot::addLabels() {
    QStringList names;
    for (const PlanBar& shown : m_data->bars)
        names.append(shown.label);
    nameBars(yAxis, names, 0.4 * viewport().width());
}

void PlanPlot::prepareFigure() {
    if (isEmpty()) return;
    addLabels();
    if (!viewChosen()) fitView();
    sayWhatIsInView();
}

void PlanPlot::sayWhatIsInView() {
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

void PlanPlot::resizeEvent(QResizeEvent* event) {
    PlotWidget::resizeEvent(event);
    prepareFigure();
}

void PlanPlot::fitView() {
    if (isEmpty()) return;
    double longest = m_data->budget;
    for (const PlanBar& shown : m_data->bars)
        longest = std::max(longest, shown.choices.back().bitsPerWeight);
    updateLayout();
    const double lineHeight = 1.15 * QFontMetricsF(yAxis->tickLabelFont()).height();
    const int room = std::max(fewBars, static_cast<int>(axisRect()->height() / lineHeight));
    yAxis->setRange(-0.5, std::clamp(markCount(), fewBars, room) - 0.5);
    xAxis->setRange(0.0, 1.08 * longest);
}

int PlanPlot::markCount() const {
    return static_cast<int>(m_data->bars.size());
}

QRectF PlanPlot::markRect(int mark) const {
    const double top = yAxis->coordToPixel(mark - 0.5 * barThickness);
    const double bottom = yAxis->coordToPixel(mark + 0.5 * barThickness);
    const double left = xAxis->coordToPixel(0.0);
    return {left, top, xAxis->coordToPixel(shownBits(mark)) - left, bottom - top};
}

QString PlanPlot::markText(int mark) const {
    const PlanBar& shown = bar(mark);
    QString text =
        tr("%1\n%2%3\n%4 bits per weight, %5 of the loss")
            .arg(shown.tensor, shown.choice().method, shown.locked ? tr(" (locked)") : QString(),
                 numberText(shown.choice().bitsPerWeight), percentText(shown.lossShare));
    if (shown.gainPerBit) {
        text += u'\n' + tr("a bit more would save %1 of loss").arg(numberText(*shown.gainPerBit));
    }
    if (shown.lossPerBit) {
        text += u'\n' + tr("a bit less would cost %1 of loss").arg(numberText(*shown.lossPerBit));
    }
    return text + u'\n' +
           (shown.locked ? tr("L unlocks it") : tr("L locks it; drag its end to choose another"));
}

QString PlanPlot::markTrial(int mark) const {
    return bar(mark).choice().trialId;
}

// The whole row of a bar can be hit, its label and the space behind it included.
int PlanPlot::markAt(const QPointF& position) const {
    const QRect area = axisRect()->rect();
    if (position.y() < area.top() || position.y() > area.bottom()) return -1;
    const int mark = static_cast<int>(std::lround(yAxis->pixelToCoord(position.y())));
    return mark >= 0 && mark < markCount() ? mark : -1;
}

int PlanPlot::endAt(const QPointF& position) const {
    const int mark = markAt(position);
    if (mark < 0) return -1;
    const double distance = std::abs(position.x() - markRect(mark).right());
    return distance <= endReach * plotStyle().em ? mark : -1;
}

int PlanPlot::nearestChoice(int mark, double bits) const {
    const std::vector<PlanChoice>& choices = bar(mark).choices;
    const auto nearest = std::ranges::min_element(choices, {}, [bits](const PlanChoice& choice) {
        return std::abs(choice.bitsPerWeight - bits);
    });
    return static_cast<int>(nearest - choices.begin());
}

void PlanPlot::toggleLock(const PlanBar& shown) {
    const QStringList tensors = QStringList(shown.tensor) + shown.tiedWith;
    if (shown.locked) {
        Q_EMIT unlockRequested(tensors);
    } else {
        Q_EMIT lockRequested(tensors, shown.choice().method);
    }
}

void PlanPlot::addToContextMenu(QMenu& menu, int mark) {
    if (mark < 0 || mark >= markCount()) return;
    // A copy: while the menu is open there may be another plan.
    const PlanBar shown = bar(mark);
    menu.addAction(shown.locked ? tr("Unlock %1").arg(shown.label)
                                : tr("Lock %1 to %2").arg(shown.label, shown.choice().method),
                   this, [this, shown] { toggleLock(shown); });
}

void PlanPlot::keyPressEvent(QKeyEvent* event) {
    const int mark = currentMark();
    if (event->key() == Qt::Key_L && event->modifiers() == Qt::NoModifier && mark >= 0 &&
        mark < markCount()) {
        toggleLock(bar(mark));
        return;
    }
    PlotWidget::keyPressEvent(event);
}

void PlanPlot::mousePressEvent(QMouseEvent* event) {
    const int mark = event->button() == Qt::LeftButton ? endAt(event->position()) : -1;
    if (mark < 0) {
        PlotWidget::mousePressEvent(event);
        return;
    }
    m_drag = Drag{mark, bar(mark).chosen};
    setCurrentMark(mark);
}

void PlanPlot::mouseMoveEvent(QMouseEvent* event) {
    if (!m_drag) {
        const bool onEnd = event->buttons() == Qt::NoButton && endAt(event->position()) >= 0;
        setCursor(onEnd ? Qt::SizeHorCursor : Qt::ArrowCursor);
        PlotWidget::mouseMoveEvent(event);
        return;
    }
    const int choice = nearestChoice(m_drag->mark, xAxis->pixelToCoord(event->position().x()));
    if (choice == m_drag->choice) return;
    m_drag->choice = choice;
    replotSoon();
}

void PlanPlot::mouseReleaseEvent(QMouseEvent* event) {
    if (!m_drag) {
        PlotWidget::mouseReleaseEvent(event);
        return;
    }
    const Drag drag = *std::exchange(m_drag, std::nullopt);
    const PlanBar dragged = bar(drag.mark);
    if (m_waiting) adopt(std::exchange(m_waiting, nullptr));
    replotSoon();
    if (drag.choice == dragged.chosen) return;
    Q_EMIT lockRequested(QStringList(dragged.tensor) + dragged.tiedWith,
                         dragged.choices[static_cast<std::size_t>(drag.choice)].method);
}

void PlanPlot::paintMarks(QCPPainter& painter) const {
    if (isEmpty()) return;
    const PlotStyle& style = plotStyle();
    const QRectF area(axisRect()->rect());
    const QFontMetricsF metrics(style.smallFont);
    painter.setClipRect(area);
    painter.setFont(style.smallFont);
    for (int mark = 0; mark < markCount(); ++mark) {
        const PlanBar& shown = bar(mark);
        const QRectF rect = markRect(mark);
        if (rect.bottom() < area.top() || rect.top() > area.bottom()) continue;
        const QColor color = style.readable(familyMark(shown.family).color);
        painter.setPen(Qt::NoPen);
        painter.setBrush(shown.locked ? color : style.faded(color, unlocked));
        painter.drawRect(rect);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(style.pen(style.secondaryText, style.hairline));
        for (const PlanChoice& choice : shown.choices) {
            const double x = xAxis->coordToPixel(choice.bitsPerWeight);
            painter.drawLine(QPointF(x, rect.center().y() - 0.2 * rect.height()),
                             QPointF(x, rect.center().y() + 0.2 * rect.height()));
        }
        if (!shown.locked || rect.height() < 0.8 * metrics.height()) continue;
        const QString text = tr("locked");
        const double width = metrics.horizontalAdvance(text) + 0.6 * style.em;
        if (rect.width() < width) continue;
        painter.setPen(contrastRatio(color, Qt::white) > contrastRatio(color, Qt::black)
                           ? Qt::white
                           : Qt::black);
        painter.drawText(rect.adjusted(0.3 * style.em, 0.0, 0.0, 0.0),
                         Qt::AlignLeft | Qt::AlignVCenter, text);
    }
    const double budget = xAxis->coordToPixel(m_data->budget);
    painter.setPen(style.pen(style.text, style.stroke, Qt::DashLine));
    painter.drawLine(QPointF(budget, area.top()), QPointF(budget, area.bottom()));
}

std::unique_ptr<TableTwin> PlanPlot::makeTable() const {
    const std::shared_ptr<const PlanData> shared = m_data;
    const auto barAt = [shared](int row) -> const PlanBar& {
        return shared->bars[static_cast<std::size_t>(row)];
    };
    std::vector<TableTwin::Column> columns = {
        {tr("Tensor"), [barAt](int row) { return barAt(row).tensor; }},
        {tr("Method"), [barAt](int row) { return barAt(row).choice().method; }},
        {tr("Bits per weight"), [barAt](int row) { return barAt(row).choice().bitsPerWeight; }},
        {tr("Share of the loss"), [barAt](int row) { return barAt(row).lossShare; }},
        {tr("A bit more saves"), [barAt](int row) { return slopeCell(barAt(row).gainPerBit); }},
        {tr("A bit less costs"), [barAt](int row) { return slopeCell(barAt(row).lossPerBit); }},
        {tr("Locked"), [barAt](int row) { return barAt(row).locked ? tr("yes") : tr("no"); }},
    };
    return std::make_unique<TableTwin>(std::move(columns), markCount());
}

}  // namespace quantscope
