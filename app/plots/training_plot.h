// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// What the training of codebooks minimizes, iteration by iteration: one curve per codebook, stage
/// or joint refinement, on a logarithmic axis. With many curves only the current one is in full
/// colour. Grows while a trial runs.
class TrainingPlot : public PlotWidget {
    Q_OBJECT

public:
    /// Up to this many curves each have a colour of their own.
    static constexpr int maxColoredCurves = 8;

    explicit TrainingPlot(QWidget* parent = nullptr);

    void setData(TrainingData data);
    const TrainingData& data() const { return *m_data; }

    /// The curve in focus; at first the last one.
    int currentCurve() const { return m_currentCurve; }
    void setCurrentCurve(int curve);

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;
    int markAt(const QPointF& position) const override;

protected:
    void rebuild() override;
    void fitView() override;
    int neighbour(int mark, Qt::Key key) const override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    /// A mark is a value of a curve, counted from 0.
    struct Step {
        int curve;
        int iteration;
    };
    void adopt(std::shared_ptr<const TrainingData> data, int current);
    Step step(int mark) const;
    int markOf(const Step& step) const;
    const TrainingSeries& series(int curve) const {
        return m_data->series[static_cast<std::size_t>(curve)];
    }
    int curves() const { return static_cast<int>(m_data->series.size()); }
    int iterations(int curve) const { return static_cast<int>(series(curve).values.size()); }
    double value(const Step& step) const;
    bool manyCurves() const { return curves() > maxColoredCurves; }
    QColor curveColor(int curve) const;
    QString summary(int curve) const;
    void addCurve(int curve);
    void updateKey();

    std::shared_ptr<const TrainingData> m_data;
    std::vector<int> m_firstMark;  ///< Of each curve; one more for the end.
    int m_currentCurve = -1;
};

}  // namespace quantscope
