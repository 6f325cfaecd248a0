// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// What each tensor loses with one method alone: a dot per tensor on a logarithmic axis, from top
/// to bottom in the order of the run.
class SensitivityPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit SensitivityPlot(QWidget* parent = nullptr);

    void setData(SensitivityData data);
    const SensitivityData& data() const { return *m_data; }

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
    void prepareFigure() override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void adopt(std::shared_ptr<const SensitivityData> data);
    const SensitivityBar& bar(int mark) const {
        return m_data->bars[static_cast<std::size_t>(mark)];
    }
    QString lossTitle() const;
    void addLabels();
    void sayWhatIsInView();

    std::shared_ptr<const SensitivityData> m_data;
};

}  // namespace quantscope
