// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

#include <QPointer>
#include <QSet>
#include <functional>
#include <memory>
#include <vector>

#include "app/plots/flow_strip.h"
#include "app/plots/plot_style.h"
#include "app/plots/table_twin.h"

class QPushButton;

namespace quantscope {

/// What all plots have in common: the style, a title, a key and notes around one axis rect, an
/// empty state, zoom, pan and reset, hover texts, selection and the keyboard.
///
/// A plot shows *marks* (points, bars, bins, cells), numbered as the rows of its table twin. Wheel
/// zooms at the cursor, dragging pans, a double click or 0 resets. Arrow keys move the current
/// mark, Enter selects it, Space adds it, Escape clears the selection. A click selects, with Ctrl
/// it toggles; on marks that lie on each other, the next click selects the next one. Shift and
/// dragging select with a rubber band.
class PlotWidget : public QCustomPlot {
    Q_OBJECT

public:
    explicit PlotWidget(QWidget* parent = nullptr);
    ~PlotWidget() override;

    const PlotStyle& plotStyle() const { return m_style; }
    /// Draws in the style of figures with this font size instead of the window's colours.
    void setFigureStyle(double fontPoints, bool dark = false);

    QString title() const { return m_title; }
    void setTitle(const QString& title);
    QStringList notes() const { return m_notes; }
    bool titleVisible() const { return m_titleVisible; }
    void setTitleVisible(bool visible);
    bool notesVisible() const { return m_notesVisible; }
    void setNotesVisible(bool visible);

    /// Whether there is nothing to draw; the plot then says what will be here and what fills it.
    virtual bool isEmpty() const = 0;
    virtual QString emptyText() const = 0;
    /// Offers actions on the current trial in the context menu of marks.
    void setTrialActions(const QList<QAction*>& actions) { m_trialActions = actions; }
    /// Offers an action as a button below the text of the empty state.
    void setEmptyAction(QAction* action);

    /// Base name of exported files: "rate-distortion".
    virtual QString figureName() const = 0;
    /// A new plot with the same data.
    virtual std::unique_ptr<PlotWidget> clone() const = 0;
    /// A clone in figure style with the same view, fit for drawing on any paint device.
    std::unique_ptr<PlotWidget> figure(double fontPoints, bool dark = false) const;
    /// Gives a figure its size, in figure units, and completes at once what the window would
    /// complete in the background. Where the data would get too little room, the key is shortened
    /// and then left out, and the notes after it. Returns the least size that gives room enough,
    /// which `size` is or exceeds unless it is too small for any figure.
    QSize layOutFigure(const QSize& size);
    /// What layOutFigure() left out: "parts of the legend", "the legend", "the notes".
    QStringList leftOut() const;
    virtual std::unique_ptr<TableTwin> makeTable() const = 0;

    virtual int markCount() const = 0;
    /// Extent of a mark on the widget, in pixels.
    virtual QRectF markRect(int mark) const = 0;
    /// Everything known about a mark, line by line.
    virtual QString markText(int mark) const = 0;
    /// The trial that a mark stands for; empty in plots of a single trial.
    virtual QString markTrial(int mark) const;
    /// All trials that it stands for, markTrial() among them; one unless overridden.
    virtual QStringList markTrials(int mark) const;
    /// The mark at or near a position, or -1.
    virtual int markAt(const QPointF& position) const;
    /// That mark and those that lie under it, where clicking again leads from one to the next.
    std::vector<int> marksAt(const QPointF& position) const;

    /// What a tooltip shows at this place; empty where there is nothing.
    virtual QString hoverText(const QPointF& position) const;

    int currentMark() const { return m_currentMark; }
    void setCurrentMark(int mark);

    const QSet<QString>& selection() const { return m_selection; }
    /// Marks these trials; does not emit selectionRequested.
    void setSelection(const QSet<QString>& trials);
    /// Highlights a trial that the mouse is over in another view; empty for none.
    void setHoveredTrial(const QString& trial);

    /// Whether the user has zoomed or panned; new data then leaves the view alone.
    bool viewChosen() const { return m_viewChosen; }
    void resetView();

    /// Put a picture or the table (as CSV) on the clipboard.
    void copyImage() const;
    void copyData() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// The user selected trials in this plot; `current` is the one acted on, or empty.
    void selectionRequested(const QSet<QString>& trials, const QString& current);
    /// The trial under the mouse changed; empty when there is none.
    void trialHovered(const QString& trial);

protected:
    /// Makes the plottables anew from data and style.
    virtual void rebuild() = 0;
    /// Sets the axis ranges so that all data is seen.
    virtual void fitView() = 0;
    /// Adapts to the size of the plot what depends on it, at once.
    virtual void prepareFigure() {}
    /// The mark that an arrow key, Home or End leads to from `mark`.
    virtual int neighbour(int mark, Qt::Key key) const;
    /// The marks that can be hit or selected now; all of them unless overridden.
    virtual void forEachShownMark(const std::function<void(int mark)>& visit) const;

    /// To be called at the end of a subclass's constructor and whenever its data changed.
    void dataChanged();
    /// Makes everything anew in the current style.
    void restyle();
    void setNotes(const QStringList& notes);
    void setKey(std::vector<StripEntry> entries);
    void styleAxis(QCPAxis* axis) const;
    void replotSoon();
    /// Dims the whole picture: its numbers are out of date.
    void setDimmed(bool dimmed);
    bool dimmed() const { return m_dimmed; }
    /// `mark`: the one that the menu is about, or -1.
    virtual void addToContextMenu(QMenu& menu, int mark);

    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    enum class KeyExtent { Whole, Essential, None };

    void applyStyle();
    void updateStrips();
    void showKey();
    void arrangeFigure();
    QSize missingRoom(const QSize& size) const;
    void updateEmptyState();
    void paintOverlay(QPainter& painter) const;
    void paintMarkOutline(QPainter& painter, int mark, const QColor& color, double width) const;
    void setCurrent(int mark);
    void hoverAt(const QPointF& position, const QPoint& globalPosition);
    void clickAt(const QPointF& position, Qt::KeyboardModifiers modifiers);
    void selectMark(int mark, bool toggle);
    void selectInside(const QRect& rect, Qt::KeyboardModifiers modifiers);
    void requestSelection(const QSet<QString>& trials, const QString& current);
    void findSelectedMarks();
    void zoomBy(double factor);
    void reveal(int mark);
    void announceCurrentMark();
    bool rangesDiffer(const QCPRange& x, const QCPRange& y) const;

    PlotStyle m_style;
    bool m_figureDark = false;
    double m_figureFontPoints = 0.0;
    QString m_title;
    QStringList m_notes;
    std::vector<StripEntry> m_key;
    KeyExtent m_keyExtent = KeyExtent::Whole;
    bool m_notesLeftOut = false;
    bool m_titleVisible = true;
    bool m_notesVisible = true;
    bool m_dimmed = false;
    bool m_viewChosen = false;
    FlowStrip* m_titleStrip = nullptr;
    FlowStrip* m_keyStrip = nullptr;
    FlowStrip* m_noteStrip = nullptr;
    QPointer<QPushButton> m_emptyButton;
    QList<QAction*> m_trialActions;
    int m_currentMark = -1;
    int m_hoveredMark = -1;
    QSet<QString> m_selection;
    std::vector<int> m_selectedMarks;
    QSet<QString> m_selectionAtPress;
    QString m_hoveredTrial;
    bool m_ready = false;  // The subclass is constructed: rebuild() may be called.
};

}  // namespace quantscope
