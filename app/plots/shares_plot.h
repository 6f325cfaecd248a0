// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// What each codebook of a trial has to do with: for slices of rows the share of the variance that
/// lies in them, before and after a rotation, side by side; for stages what is left after them.
class SharesPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit SharesPlot(QWidget* parent = nullptr);

    void setData(SharesData data);
    const SharesData& data() const { return *m_data; }

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;

protected:
    void rebuild() override;
    void fitView() override;

private:
    /// A mark is a bar: of a codebook, one after the other its series.
    struct Bar {
        int codebook;
        int series;
    };
    void adopt(std::shared_ptr<const SharesData> data);
    int seriesCount() const { return static_cast<int>(m_data->series.size()); }
    Bar bar(int mark) const { return {mark / seriesCount(), mark % seriesCount()}; }
    double share(const Bar& bar) const;
    /// Middle of a bar on the horizontal axis.
    double middle(const Bar& bar) const;
    double barWidth() const;

    std::shared_ptr<const SharesData> m_data;
};

}  // namespace quantscope
