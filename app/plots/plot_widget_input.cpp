// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keyboard of PlotWidget.
#include <QAccessible>
#include <QMenu>
#include <QToolTip>
#include <algorithm>
#include <array>

#include "app/plots/export_figure_dialog.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

namespace {

constexpr double keyZoomFactor = 0.8;

void showTip(const QPoint& position, const QString& text, QWidget* widget) {
    QToolTip::showText(position, Qt::mightBeRichText(text) ? text.toHtmlEscaped() : text, widget);
}

}  // namespace

bool PlotWidget::rangesDiffer(const QCPRange& x, const QCPRange& y) const {
    return x != xAxis->range() || y != yAxis->range();
}

void PlotWidget::mousePressEvent(QMouseEvent* event) {
    m_selectionAtPress = m_selection;
    const bool band = event->button() == Qt::LeftButton && (event->modifiers() & Qt::ShiftModifier);
    setSelectionRectMode(band && !isEmpty() ? QCP::srmCustom : QCP::srmNone);
    QCustomPlot::mousePressEvent(event);
}

void PlotWidget::mouseMoveEvent(QMouseEvent* event) {
    const QCPRange x = xAxis->range();
    const QCPRange y = yAxis->range();
    QCustomPlot::mouseMoveEvent(event);
    if (rangesDiffer(x, y)) {
        m_viewChosen = true;
        QToolTip::hideText();
    } else if (event->buttons() == Qt::NoButton) {
        hoverAt(event->position(), event->globalPosition().toPoint());
    }
}

void PlotWidget::mouseReleaseEvent(QMouseEvent* event) {
    const bool click = event->button() == Qt::LeftButton && !mMouseHasMoved;
    QCustomPlot::mouseReleaseEvent(event);
    if (click && !isEmpty()) clickAt(event->position(), event->modifiers());
}

void PlotWidget::mouseDoubleClickEvent(QMouseEvent* event) {
    QCustomPlot::mouseDoubleClickEvent(event);
    // The first of the two clicks may have changed the selection, which was not meant.
    if (m_selection != m_selectionAtPress) requestSelection(m_selectionAtPress, {});
    mMouseHasMoved = true;  // Its release is no click.
    resetView();
}

void PlotWidget::wheelEvent(QWheelEvent* event) {
    if (isEmpty()) {
        event->ignore();
        return;
    }
    const QCPRange x = xAxis->range();
    const QCPRange y = yAxis->range();
    QCustomPlot::wheelEvent(event);
    if (rangesDiffer(x, y)) {
        m_viewChosen = true;
        QToolTip::hideText();
    }
}

void PlotWidget::hoverAt(const QPointF& position, const QPoint& globalPosition) {
    if (isEmpty()) return;
    const int mark = markAt(position);
    const QString text = hoverText(position);
    if (mark != m_hoveredMark) {
        m_hoveredMark = mark;
        update();
        const QString trial = mark < 0 ? QString() : markTrial(mark);
        if (trial != m_hoveredTrial) {
            m_hoveredTrial = trial;
            Q_EMIT trialHovered(trial);
        }
    }
    if (text.isEmpty()) {
        QToolTip::hideText();
    } else {
        showTip(globalPosition, text, this);
    }
}

void PlotWidget::leaveEvent(QEvent* event) {
    QCustomPlot::leaveEvent(event);
    if (m_hoveredMark < 0 && m_hoveredTrial.isEmpty()) return;
    m_hoveredMark = -1;
    m_hoveredTrial.clear();
    Q_EMIT trialHovered({});
    update();
}

void PlotWidget::clickAt(const QPointF& position, Qt::KeyboardModifiers modifiers) {
    const std::vector<int> marks = marksAt(position);
    const bool toggle = modifiers & (Qt::ControlModifier | Qt::ShiftModifier);
    if (marks.empty()) {
        if (!toggle && !m_selection.isEmpty()) requestSelection({}, {});
        return;
    }
    std::size_t chosen = 0;
    if (const auto at = std::ranges::find(marks, m_currentMark); at != marks.end() && !toggle) {
        const bool isSelected = std::ranges::find(m_selectedMarks, *at) != m_selectedMarks.end();
        const auto place = static_cast<std::size_t>(at - marks.begin());
        chosen = isSelected ? (place + 1) % marks.size() : place;
    }
    selectMark(marks[chosen], toggle);
}

// A mark of a method over all tensors selects all its trials.
void PlotWidget::selectMark(int mark, bool toggle) {
    setCurrent(mark);
    const QStringList members = markTrials(mark);
    if (members.isEmpty()) return;
    QSet<QString> trials(members.begin(), members.end());
    if (toggle) {
        const bool wasSelected = m_selection.contains(trials);
        trials = wasSelected ? QSet<QString>(m_selection).subtract(trials) : trials | m_selection;
    }
    requestSelection(trials, trials.contains(markTrial(mark)) ? markTrial(mark) : QString());
}

void PlotWidget::selectInside(const QRect& rect, Qt::KeyboardModifiers modifiers) {
    QSet<QString> trials;
    if (modifiers & Qt::ControlModifier) trials = m_selection;
    const QRectF area(rect);
    forEachShownMark([&](int mark) {
        const QRectF markArea = markRect(mark);
        if (!area.intersects(markArea) && !area.contains(markArea.center())) return;
        for (const QString& trial : markTrials(mark))
            trials.insert(trial);
    });
    requestSelection(trials, {});
}

void PlotWidget::requestSelection(const QSet<QString>& trials, const QString& current) {
    setSelection(trials);
    Q_EMIT selectionRequested(trials, current);
}

void PlotWidget::setCurrent(int mark) {
    if (mark == m_currentMark) return;
    m_currentMark = mark;
    update();
    announceCurrentMark();
}

void PlotWidget::setCurrentMark(int mark) {
    setCurrent(mark >= 0 && mark < markCount() ? mark : -1);
}

// Screen readers hear where the arrow keys went.
void PlotWidget::announceCurrentMark() {
    if (m_currentMark < 0) return;
    setAccessibleDescription(markText(m_currentMark));
    QAccessibleEvent event(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

int PlotWidget::neighbour(int mark, Qt::Key key) const {
    const int last = markCount() - 1;
    switch (key) {
        case Qt::Key_Home:
            return 0;
        case Qt::Key_End:
            return last;
        case Qt::Key_Left:
        case Qt::Key_Up:
            return std::max(0, mark - 1);
        default:
            return std::min(last, mark + 1);
    }
}

void PlotWidget::keyPressEvent(QKeyEvent* event) {
    static constexpr std::array moves = {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up,
                                         Qt::Key_Down, Qt::Key_Home,  Qt::Key_End};
    const auto key = static_cast<Qt::Key>(event->key());
    if (isEmpty() || markCount() == 0) {
        QCustomPlot::keyPressEvent(event);
        return;
    }
    if (event->matches(QKeySequence::Copy)) {
        copyData();
    } else if (std::ranges::find(moves, key) != moves.end()) {
        const bool jump = key == Qt::Key_Home || key == Qt::Key_End;
        setCurrent(m_currentMark < 0 && !jump ? neighbour(0, Qt::Key_Home)
                                              : neighbour(std::max(0, m_currentMark), key));
        reveal(m_currentMark);
        const QRectF rect = markRect(m_currentMark);
        const QPoint corner(static_cast<int>(rect.right()), static_cast<int>(rect.bottom()));
        showTip(mapToGlobal(corner), markText(m_currentMark), this);
    } else if ((key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Space) &&
               m_currentMark >= 0 && !markTrial(m_currentMark).isEmpty()) {
        selectMark(m_currentMark, key == Qt::Key_Space);
    } else if (key == Qt::Key_Escape && !m_selection.isEmpty()) {
        requestSelection({}, {});
    } else if (key == Qt::Key_Plus || key == Qt::Key_Equal) {
        zoomBy(keyZoomFactor);
    } else if (key == Qt::Key_Minus) {
        zoomBy(1.0 / keyZoomFactor);
    } else if (key == Qt::Key_0) {
        resetView();
    } else {
        QCustomPlot::keyPressEvent(event);
    }
}

// Pans until the mark is in view.
void PlotWidget::reveal(int mark) {
    const QRectF rect = markRect(mark);
    const QRect area = axisRect()->rect();
    if (rect.isNull() || area.contains(rect.center().toPoint())) return;
    for (const Qt::Orientation orientation : {Qt::Horizontal, Qt::Vertical}) {
        const bool horizontal = orientation == Qt::Horizontal;
        const double from = horizontal ? area.center().x() : area.center().y();
        const double to = horizontal ? rect.center().x() : rect.center().y();
        const bool inside = horizontal ? to >= area.left() && to <= area.right()
                                       : to >= area.top() && to <= area.bottom();
        if (inside) continue;
        for (QCPAxis* axis : axisRect()->rangeZoomAxes(orientation)) {
            const QCPRange range = axis->range();
            const auto moved = [&](double edge) {
                return axis->pixelToCoord(axis->coordToPixel(edge) + to - from);
            };
            axis->setRange(moved(range.lower), moved(range.upper));
        }
    }
    m_viewChosen = true;
    replotSoon();
}

void PlotWidget::zoomBy(double factor) {
    for (const Qt::Orientation orientation : {Qt::Horizontal, Qt::Vertical}) {
        for (QCPAxis* axis : axisRect()->rangeZoomAxes(orientation)) {
            const QRect area = axisRect()->rect();
            const double center = axis->pixelToCoord(
                orientation == Qt::Horizontal ? area.center().x() : area.center().y());
            axis->scaleRange(factor, center);
        }
    }
    m_viewChosen = true;
    replotSoon();
}

void PlotWidget::focusInEvent(QFocusEvent* event) {
    QCustomPlot::focusInEvent(event);
    update();
}

void PlotWidget::focusOutEvent(QFocusEvent* event) {
    QCustomPlot::focusOutEvent(event);
    update();
}

void PlotWidget::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const bool filled = !isEmpty();
    // The menu is about the mark under it, or the current one when a key opened it.
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    const int mark = !filled ? -1 : byKey ? m_currentMark : markAt(QPointF(event->pos()));
    if (mark >= 0 && !markTrial(mark).isEmpty() && !m_trialActions.isEmpty()) {
        const bool selected = std::ranges::find(m_selectedMarks, mark) != m_selectedMarks.end();
        if (!selected) selectMark(mark, false);
        menu->addActions(m_trialActions);
        menu->addSeparator();
    }
    const auto add = [&](const QString& text, auto&& action) {
        menu->addAction(text, this, std::forward<decltype(action)>(action))->setEnabled(filled);
    };
    add(tr("Export figure..."), [this] { ExportFigureDialog::open(*this); });
    add(tr("Copy image"), [this] { copyImage(); });
    add(tr("Copy data"), [this] { copyData(); });
    menu->addSeparator();
    add(tr("Reset view"), [this] { resetView(); });
    if (filled) addToContextMenu(*menu, mark);
    menu->popup(event->globalPos());
}

void PlotWidget::addToContextMenu(QMenu& /*menu*/, int /*mark*/) {}

}  // namespace quantscope
