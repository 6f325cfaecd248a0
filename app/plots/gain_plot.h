// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// What error feedback gained against what its Hessian let expect: layer losses over those of
/// rounding to nearest, a point per trial, with the line where both are equal.
class GainPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit GainPlot(QWidget* parent = nullptr);

    void setData(GainData data);
    const GainData& data() const { return *m_data; }

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;
    QString markTrial(int mark) const override;

protected:
    void rebuild() override;
    void fitView() override;

private:
    void adopt(std::shared_ptr<const GainData> data);
    const GainPoint& point(int mark) const {
        return m_data->points[static_cast<std::size_t>(mark)];
    }

    std::shared_ptr<const GainData> m_data;
};

}  // namespace quantscope
