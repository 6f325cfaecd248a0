// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/curves_plot.h"

namespace quantscope {

/// What the training of codebooks minimizes, iteration by iteration: one curve per codebook, stage
/// or joint refinement, on a logarithmic axis. The curve in focus is at first the last one. Grows
/// while a trial runs.
class TrainingPlot : public CurvesPlot {
    Q_OBJECT

public:
    explicit TrainingPlot(QWidget* parent = nullptr);

    void setData(TrainingData data);
    const TrainingData& data() const { return *m_data; }

    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    QString markText(int mark) const override;

protected:
    void rebuild() override;
    void fitView() override;
    double value(const CurvePoints::Point& point) const override;
    QString keyText(int curve, bool alone) const override;
    void addCurve(int curve) override;

private:
    void adopt(std::shared_ptr<const TrainingData> data, int current);
    const TrainingSeries& series(int curve) const {
        return m_data->series[static_cast<std::size_t>(curve)];
    }
    QString summary(int curve) const;

    std::shared_ptr<const TrainingData> m_data;
};

}  // namespace quantscope
