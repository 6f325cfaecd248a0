// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// Bits per weight of trials, stacked by ledger part, one horizontal bar per trial
/// from top to bottom, in the order given.
class RateBarsPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit RateBarsPlot(QWidget* parent = nullptr);

    void setData(RateBarsData data);
    const RateBarsData& data() const { return *m_data; }

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

protected:
    void rebuild() override;
    void fitView() override;
    void prepareFigure() override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void adopt(std::shared_ptr<const RateBarsData> data);
    const RateBar& bar(int mark) const { return m_data->bars[static_cast<std::size_t>(mark)]; }
    bool hasPart(std::size_t part) const;
    void addLabels();
    void sayWhatIsInView();
    void paintTotals(QCPPainter& painter) const;

    std::shared_ptr<const RateBarsData> m_data;
};

}  // namespace quantscope
