// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// What bits buy: the loss of the best plans by bits per weight of all tensors together, single
/// methods for all tensors beside it, and the present plan. A click on a plan asks for its budget.
class BudgetPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit BudgetPlot(QWidget* parent = nullptr);

    void setData(BudgetCurveData data);
    const BudgetCurveData& data() const { return *m_data; }

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;

Q_SIGNALS:
    void budgetRequested(double bitsPerWeight);

protected:
    void rebuild() override;
    void fitView() override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void adopt(std::shared_ptr<const BudgetCurveData> data);
    int plans() const { return static_cast<int>(m_data->plans.size()); }
    /// Plans first, then single methods.
    const BudgetPoint& point(int mark) const;
    void choose(int mark);

    std::shared_ptr<const BudgetCurveData> m_data;
};

}  // namespace quantscope
