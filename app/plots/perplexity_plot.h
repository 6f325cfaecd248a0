// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// The model's perplexity against the bits per weight of what takes its tensors' place, with
/// standard errors: single methods by family, plans, artifacts, the front, and the model as it is.
class PerplexityPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit PerplexityPlot(QWidget* parent = nullptr);

    void setData(PerplexityData data);
    const PerplexityData& data() const { return *m_data; }

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
    void adopt(std::shared_ptr<const PerplexityData> data);
    const PerplexityPoint& point(int mark) const;
    QCPGraph* addPoints(const std::vector<const PerplexityPoint*>& points);
    void addErrorBars(QCPGraph* graph, const std::vector<const PerplexityPoint*>& points,
                      const QColor& color);
    void addFront();
    void addReference(std::vector<StripEntry>& key);

    std::shared_ptr<const PerplexityData> m_data;
};

}  // namespace quantscope
