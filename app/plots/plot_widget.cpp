// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/plot_widget.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QPainterPath>
#include <QPushButton>
#include <algorithm>

#include "app/plots/figure_export.h"

namespace quantscope {

namespace {

// A figure in which the data have less than this is no figure.
constexpr double leastWidthEms = 5.0;
constexpr double leastHeightEms = 4.0;
constexpr double leastShareOfHeight = 0.5;
// Longer tooltips cover the plot.
constexpr qsizetype mostMarksInHover = 3;

}  // namespace

PlotWidget::PlotWidget(QWidget* parent) : QCustomPlot(parent) {
    setFocusPolicy(Qt::StrongFocus);
    // Axis labels and hover texts read like the numbers in files.
    setLocale(QLocale::c());
    setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);

    m_titleStrip = new FlowStrip(this);
    m_keyStrip = new FlowStrip(this);
    m_noteStrip = new FlowStrip(this);
    plotLayout()->setRowSpacing(0);
    plotLayout()->insertRow(0);
    plotLayout()->insertRow(0);
    plotLayout()->addElement(0, 0, m_titleStrip);
    plotLayout()->addElement(1, 0, m_keyStrip);
    plotLayout()->addElement(3, 0, m_noteStrip);
    auto* leftEdge = new QCPMarginGroup(this);
    for (QCPLayoutElement* element :
         {static_cast<QCPLayoutElement*>(m_titleStrip), static_cast<QCPLayoutElement*>(m_keyStrip),
          static_cast<QCPLayoutElement*>(m_noteStrip),
          static_cast<QCPLayoutElement*>(axisRect())}) {
        element->setMarginGroup(QCP::msLeft, leftEdge);
    }

    connect(selectionRect(), &QCPSelectionRect::accepted, this,
            [this](const QRect& rect, QMouseEvent* event) {
                selectInside(rect.normalized(), event->modifiers());
            });
}

PlotWidget::~PlotWidget() = default;

void PlotWidget::setFigureStyle(double fontPoints, bool dark) {
    m_figureFontPoints = fontPoints;
    m_figureDark = dark;
    restyle();
}

void PlotWidget::setTitle(const QString& title) {
    m_title = title;
    updateStrips();
}

void PlotWidget::setTitleVisible(bool visible) {
    m_titleVisible = visible;
    updateStrips();
}

void PlotWidget::setNotes(const QStringList& notes) {
    m_notes = notes;
    updateStrips();
}

void PlotWidget::setNotesVisible(bool visible) {
    m_notesVisible = visible;
    updateStrips();
}

void PlotWidget::setKey(std::vector<StripEntry> entries) {
    m_key = std::move(entries);
    showKey();
}

void PlotWidget::showKey() {
    std::vector<StripEntry> shown;
    for (const StripEntry& entry : m_key) {
        const bool wanted = m_keyExtent == KeyExtent::Whole ||
                            (m_keyExtent == KeyExtent::Essential && entry.essential);
        if (wanted) shown.push_back(entry);
    }
    m_keyStrip->setEntries(std::move(shown));
}

void PlotWidget::setEmptyAction(QAction* action) {
    delete m_emptyButton;
    if (action != nullptr) {
        m_emptyButton = new QPushButton(action->text(), this);
        m_emptyButton->setToolTip(action->toolTip());
        connect(m_emptyButton, &QPushButton::clicked, action, &QAction::trigger);
    }
    updateEmptyState();
}

std::unique_ptr<PlotWidget> PlotWidget::figure(double fontPoints, bool dark) const {
    std::unique_ptr<PlotWidget> copy = clone();
    copy->setTitle(m_title);
    copy->setTitleVisible(m_titleVisible);
    copy->setNotesVisible(m_notesVisible);
    copy->setFigureStyle(fontPoints, dark);
    if (m_viewChosen) {
        copy->m_viewChosen = true;
        copy->xAxis->setRange(xAxis->range());
        copy->yAxis->setRange(yAxis->range());
    }
    return copy;
}

QSize PlotWidget::layOutFigure(const QSize& size) {
    setViewport(QRect(QPoint(0, 0), size));
    arrangeFigure();
    const auto crowded = [&] {
        return axisRect()->height() < leastShareOfHeight * size.height() ||
               missingRoom(size).height() > 0;
    };
    for (const KeyExtent extent : {KeyExtent::Essential, KeyExtent::None}) {
        if (m_keyStrip->entries().empty() || !crowded()) break;
        m_keyExtent = extent;
        showKey();
        arrangeFigure();
    }
    if (!m_noteStrip->entries().empty() && crowded()) {
        m_notesLeftOut = true;
        updateStrips();
        arrangeFigure();
    }
    return size + missingRoom(size);
}

void PlotWidget::arrangeFigure() {
    // Ticks are chosen for the size of the layout before, so it takes two rounds.
    updateLayout();
    prepareFigure();
    if (!m_viewChosen) fitView();
    updateLayout();
}

// By how much the data have less room than anything could be seen in.
QSize PlotWidget::missingRoom(const QSize& size) const {
    const QSize least(m_style.pixels(leastWidthEms), m_style.pixels(leastHeightEms));
    // An axis rect is never laid out smaller than it can be; it reaches out of the figure instead.
    const QSize outside(axisRect()->outerRect().right() + 1 - size.width(),
                        m_noteStrip->outerRect().bottom() + 1 - size.height());
    const QSize given = axisRect()->size() - outside.expandedTo(QSize(0, 0));
    return (least - given).expandedTo(QSize(0, 0));
}

QStringList PlotWidget::leftOut() const {
    QStringList parts;
    if (m_keyExtent == KeyExtent::Essential) parts << tr("parts of the legend");
    if (m_keyExtent == KeyExtent::None) parts << tr("the legend");
    if (m_notesLeftOut) parts << tr("the notes");
    return parts;
}

QString PlotWidget::markTrial(int) const {
    return {};
}

QStringList PlotWidget::markTrials(int mark) const {
    const QString trial = markTrial(mark);
    return trial.isEmpty() ? QStringList() : QStringList{trial};
}

void PlotWidget::forEachShownMark(const std::function<void(int)>& visit) const {
    for (int mark = 0; mark < markCount(); ++mark)
        visit(mark);
}

int PlotWidget::markAt(const QPointF& position) const {
    if (!axisRect()->rect().contains(position.toPoint())) return -1;
    int nearest = -1;
    double nearestDistance = 0.8 * m_style.em;
    forEachShownMark([&](int mark) {
        const QRectF rect = markRect(mark);
        const QPointF offset = rect.center() - position;
        const double distance =
            std::hypot(std::max(0.0, std::abs(offset.x()) - 0.5 * rect.width()),
                       std::max(0.0, std::abs(offset.y()) - 0.5 * rect.height()));
        if (distance < nearestDistance) {
            nearestDistance = distance;
            nearest = mark;
        }
    });
    return nearest;
}

std::vector<int> PlotWidget::marksAt(const QPointF& position) const {
    const int nearest = isEmpty() ? -1 : markAt(position);
    if (nearest < 0) return {};
    std::vector<int> marks = {nearest};
    const QPointF center = markRect(nearest).center();
    forEachShownMark([&](int mark) {
        const QPointF offset = markRect(mark).center() - center;
        if (mark != nearest && std::hypot(offset.x(), offset.y()) < 1.0) marks.push_back(mark);
    });
    return marks;
}

QString PlotWidget::hoverText(const QPointF& position) const {
    const std::vector<int> marks = marksAt(position);
    QStringList texts;
    for (const int mark : marks) {
        if (texts.size() == mostMarksInHover) break;
        texts << markText(mark);
    }
    const auto more = static_cast<int>(marks.size()) - static_cast<int>(texts.size());
    if (more > 0) texts << tr("and %1 more at this place").arg(more);
    return texts.join(QStringLiteral("\n\n"));
}

void PlotWidget::dataChanged() {
    m_ready = true;
    if (m_currentMark >= markCount()) m_currentMark = -1;
    m_hoveredMark = -1;
    restyle();
    findSelectedMarks();
    updateEmptyState();
}

void PlotWidget::restyle() {
    if (!m_ready) return;
    m_style = m_figureFontPoints > 0.0 ? PlotStyle::forFigure(m_figureFontPoints, m_figureDark)
                                       : PlotStyle::forWindow(palette(), font());
    applyStyle();
    clearPlottables();
    rebuild();
    if (!m_viewChosen) fitView();
    updateStrips();
    replotSoon();
}

void PlotWidget::applyStyle() {
    setBackground(QBrush(m_style.background));
    styleAxis(xAxis);
    styleAxis(yAxis);
    axisRect()->setMinimumMargins(
        {m_style.pixels(0.6), m_style.pixels(0.6), m_style.pixels(1.2), m_style.pixels(0.4)});
    m_titleStrip->setFont(m_style.font, m_style.text);
    m_titleStrip->setPadding(m_style.pixels(0.5), m_style.pixels(0.1));
    m_keyStrip->setFont(m_style.figure ? m_style.smallFont : m_style.font, m_style.text);
    m_keyStrip->setPadding(m_style.pixels(0.5), m_style.pixels(0.1));
    m_noteStrip->setFont(m_style.smallFont, m_style.secondaryText);
    m_noteStrip->setPadding(m_style.pixels(0.1), m_style.pixels(0.4));
    QColor band = m_style.accent;
    band.setAlphaF(0.12F);
    selectionRect()->setPen(QPen(m_style.accent, 1.0));
    selectionRect()->setBrush(band);
}

void PlotWidget::styleAxis(QCPAxis* axis) const {
    axis->setLabelFont(m_style.font);
    axis->setLabelColor(m_style.text);
    axis->setTickLabelFont(m_style.smallFont);
    axis->setTickLabelColor(m_style.secondaryText);
    const QPen pen = m_style.pen(m_style.axis, m_style.hairline);
    axis->setBasePen(pen);
    axis->setTickPen(pen);
    axis->setSubTickPen(pen);
    axis->setTickLength(0, m_style.pixels(0.35));
    axis->setSubTickLength(0, m_style.pixels(0.18));
    axis->setTickLabelPadding(m_style.pixels(0.3));
    axis->setLabelPadding(m_style.pixels(0.4));
    axis->setNumberFormat(QStringLiteral("eb"));  // Draws 1e-4 as a power of ten.
    axis->grid()->setPen(m_style.pen(m_style.grid, m_style.hairline));
    axis->grid()->setZeroLinePen(Qt::NoPen);
}

void PlotWidget::updateStrips() {
    if (!m_ready) return;
    const bool filled = !isEmpty();
    std::vector<StripEntry> title;
    if (filled && m_titleVisible && !m_title.isEmpty()) title.push_back({m_title});
    m_titleStrip->setEntries(std::move(title));
    std::vector<StripEntry> notes;
    if (filled && m_notesVisible && !m_notesLeftOut) {
        for (const QString& note : m_notes)
            notes.push_back({note});
    }
    m_noteStrip->setEntries(std::move(notes));
    m_keyStrip->setVisible(filled);
    axisRect()->setVisible(filled);
    replotSoon();
}

void PlotWidget::updateEmptyState() {
    if (m_emptyButton == nullptr || !m_ready) return;
    m_emptyButton->setVisible(isEmpty());
    m_emptyButton->adjustSize();
    m_emptyButton->move((width() - m_emptyButton->width()) / 2, height() / 2 + m_style.pixels(2.0));
}

void PlotWidget::setDimmed(bool dimmed) {
    if (dimmed == m_dimmed) return;
    m_dimmed = dimmed;
    update();
}

void PlotWidget::resetView() {
    m_viewChosen = false;
    fitView();
    replotSoon();
}

void PlotWidget::replotSoon() {
    replot(QCustomPlot::rpQueuedReplot);
}

void PlotWidget::setSelection(const QSet<QString>& trials) {
    if (trials == m_selection) return;
    m_selection = trials;
    findSelectedMarks();
    update();
}

void PlotWidget::findSelectedMarks() {
    m_selectedMarks.clear();
    if (m_selection.isEmpty()) return;
    for (int mark = 0; mark < markCount(); ++mark) {
        const QStringList trials = markTrials(mark);
        const bool selected = std::ranges::any_of(
            trials, [this](const QString& trial) { return m_selection.contains(trial); });
        if (selected) m_selectedMarks.push_back(mark);
    }
}

void PlotWidget::setHoveredTrial(const QString& trial) {
    if (trial == m_hoveredTrial) return;
    m_hoveredTrial = trial;
    m_hoveredMark = -1;
    if (!trial.isEmpty()) {
        for (int mark = 0; mark < markCount() && m_hoveredMark < 0; ++mark) {
            if (markTrials(mark).contains(trial)) m_hoveredMark = mark;
        }
    }
    update();
}

void PlotWidget::copyImage() const {
    FigureOptions options;
    const double inches = 2.54;
    options.widthCm = width() / 96.0 * inches;
    options.heightCm = height() / 96.0 * inches;
    options.dpi = 192;
    QApplication::clipboard()->setImage(figureImage(*this, options));
}

void PlotWidget::copyData() const {
    QApplication::clipboard()->setText(makeTable()->toCsv());
}

QSize PlotWidget::sizeHint() const {
    return {m_style.pixels(42.0), m_style.pixels(28.0)};
}

QSize PlotWidget::minimumSizeHint() const {
    return {m_style.pixels(16.0), m_style.pixels(11.0)};
}

void PlotWidget::changeEvent(QEvent* event) {
    QCustomPlot::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange ||
        event->type() == QEvent::StyleChange) {
        restyle();
        updateEmptyState();
    }
}

void PlotWidget::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    updateEmptyState();
}

void PlotWidget::paintEvent(QPaintEvent* event) {
    if (!qFuzzyCompare(bufferDevicePixelRatio(), devicePixelRatioF())) {
        setBufferDevicePixelRatio(devicePixelRatioF());
        replot(QCustomPlot::rpQueuedRefresh);
    }
    QCustomPlot::paintEvent(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintOverlay(painter);
}

void PlotWidget::paintOverlay(QPainter& painter) const {
    if (hasFocus()) {
        painter.setPen(QPen(m_style.accent, 1.0));
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
    if (isEmpty()) {
        const int margin = m_style.pixels(2.0);
        QRect area = rect().adjusted(margin, margin, -margin, -margin);
        if (m_emptyButton != nullptr) area.setBottom(height() / 2 + m_style.pixels(1.0));
        const int width = std::min(area.width(), m_style.pixels(30.0));
        area = QRect(area.center().x() - width / 2, area.top(), width, area.height());
        painter.setPen(m_style.secondaryText);
        painter.setFont(m_style.font);
        painter.drawText(area,
                         Qt::AlignHCenter | Qt::TextWordWrap |
                             (m_emptyButton != nullptr ? Qt::AlignBottom : Qt::AlignVCenter),
                         emptyText());
        return;
    }
    const int rim = m_style.pixels(0.5);
    painter.setClipRect(axisRect()->rect().adjusted(-rim, -rim, rim, rim));
    if (m_dimmed) {
        QColor veil = m_style.background;
        veil.setAlphaF(0.6F);
        painter.fillRect(axisRect()->rect(), veil);
    }
    for (const int mark : m_selectedMarks)
        paintMarkOutline(painter, mark, m_style.accent, 2.0);
    if (m_hoveredMark >= 0) paintMarkOutline(painter, m_hoveredMark, m_style.text, 1.0);
    if (hasFocus() && m_currentMark >= 0) {
        paintMarkOutline(painter, m_currentMark, m_style.text, 2.0);
    }
}

void PlotWidget::paintMarkOutline(QPainter& painter, int mark, const QColor& color,
                                  double width) const {
    painter.setPen(QPen(color, width));
    painter.setBrush(Qt::NoBrush);
    const QRectF rect = markRect(mark);
    if (rect.width() < 1.5 * m_style.em && rect.height() < 1.5 * m_style.em) {
        const double radius = 0.5 * std::max(rect.width(), rect.height()) + 0.25 * m_style.em;
        painter.drawEllipse(rect.center(), radius, radius);
    } else {
        painter.drawRect(rect.adjusted(-width, -width, width, width));
    }
}

}  // namespace quantscope
