// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// What each tensor gets under a plan: a bar of bits per weight in the colour of its method, from
/// top to bottom in the order of the plan, with ticks where its other measured results are and a
/// dashed line at the budget. Dragging the end of a bar chooses another result and locks it; L
/// locks and unlocks the current bar.
class PlanPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit PlanPlot(QWidget* parent = nullptr);

    void setData(PlanData data);
    const PlanData& data() const { return *m_data; }

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;
    QString markTrial(int mark) const override;
    int markAt(const QPointF& position) const override;

Q_SIGNALS:
    /// The tensors (one, with those that are tied to it) are to keep this method.
    void lockRequested(const QStringList& tensors, const QString& method);
    void unlockRequested(const QStringList& tensors);

protected:
    void rebuild() override;
    void fitView() override;
    void prepareFigure() override;
    void addToContextMenu(QMenu& menu, int mark) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    /// A bar whose end is being dragged.
    struct Drag {
        int mark;
        int choice;
    };
    void adopt(std::shared_ptr<const PlanData> data);
    const PlanBar& bar(int mark) const { return m_data->bars[static_cast<std::size_t>(mark)]; }
    double shownBits(int mark) const;
    int endAt(const QPointF& position) const;
    int nearestChoice(int mark, double bits) const;
    void toggleLock(const PlanBar& shown);
    void addLabels();
    void sayWhatIsInView();
    void paintMarks(QCPPainter& painter) const;

    std::shared_ptr<const PlanData> m_data;
    std::shared_ptr<const PlanData> m_waiting;  ///< That came during a drag.
    std::optional<Drag> m_drag;
};

}  // namespace quantscope
