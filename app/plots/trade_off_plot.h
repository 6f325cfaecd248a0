// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFutureWatcher>
#include <QTimer>
#include <optional>

#include "app/models/plot_data.h"
#include "app/plots/density_map.h"
#include "app/plots/label_placer.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// Error, or another metric, against bits per weight. Fronts are lines, dominated points are faded,
/// bounds dashed and named. Where more than densityThreshold points are in view, a density map,
/// counted on another thread, stands for all but the front's points.
class TradeOffPlot : public PlotWidget {
    Q_OBJECT

public:
    static constexpr std::size_t densityThreshold = 20'000;

    explicit TradeOffPlot(QWidget* parent = nullptr);
    ~TradeOffPlot() override;

    void setData(TradeOffData data);
    const TradeOffData& data() const { return *m_data; }

    /// Whether the value axis is logarithmic; unless chosen by the user this follows the metric.
    bool logValues() const { return m_logValues; }
    void setLogValues(bool log);
    /// Whether a density map is shown now.
    bool showsDensity() const { return m_density != nullptr; }

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;
    QString markTrial(int mark) const override;
    QStringList markTrials(int mark) const override;
    QString hoverText(const QPointF& position) const override;

protected:
    void rebuild() override;
    void fitView() override;
    void prepareFigure() override;
    int neighbour(int mark, Qt::Key key) const override;
    void forEachShownMark(const std::function<void(int mark)>& visit) const override;
    void addToContextMenu(QMenu& menu, int mark) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void adopt(std::shared_ptr<const TradeOffData> data);
    const TradeOffPoint& data(int mark) const {
        return m_data->points[static_cast<std::size_t>(mark)];
    }
    const QPointF& point(int mark) const { return (*m_points)[static_cast<std::size_t>(mark)]; }
    void placePoints();
    void chooseScale();
    bool isCrowded() const;
    std::vector<int> frontPoints() const;
    QStringList remarks() const;
    QString summary() const;
    void addLine(const TradeOffLine& line, const QPen& pen);
    void addMarks();
    void updateKey();
    QColor densityColor(double strength) const;
    QPen boundPen() const;
    bool hasManyFronts() const;
    QPen frontPen() const;
    bool isSeen(const QString& baselineKind) const;
    QStringList baselineKinds() const;
    QPen baselinePen(const QString& kind) const;
    double rightmostPixel() const;
    double roomForNames() const;
    DensityRequest densityRequest() const;
    void requestDensity();
    void takeDensity(DensityMap map);
    void paintDensity(QCPPainter& painter) const;
    void paintLabels(QCPPainter& painter) const;
    LabelPlacer labelPlacer() const;
    void chooseNamesOfBounds();
    std::optional<LabelPlacer::Place> placeBound(LabelPlacer& placer,
                                                 const TradeOffLine& bound) const;
    void nameBound(QCPPainter& painter, LabelPlacer& placer, const TradeOffLine& bound) const;
    void nameFront(QCPPainter& painter, LabelPlacer& placer, const TradeOffLine& front) const;
    void namePoints(QCPPainter& painter, LabelPlacer& placer) const;
    std::vector<QPointF> pixelLine(const TradeOffLine& line) const;
    std::vector<QPointF> clippedLine(const TradeOffLine& line, const QCPRange& bits) const;
    QPointF plotted(double bitsPerWeight, double value) const;
    QPointF toPixel(const QPointF& plotted) const;

    std::shared_ptr<const TradeOffData> m_data;
    std::optional<bool> m_chosenLog;
    bool m_logValues = false;
    double m_floor = 0.0;  ///< Where values that a logarithmic axis lacks are drawn.
    int m_floored = 0;
    int m_undrawable = 0;
    /// Bits and (log10 of the) value of each point; NaN where it cannot be drawn.
    std::shared_ptr<const std::vector<QPointF>> m_points;
    std::vector<int> m_shown;    ///< Drawn as marks.
    std::vector<int> m_byBits;   ///< Those from left to right.
    std::vector<int> m_byValue;  ///< Those from bottom to top.
    std::vector<QCPGraph*> m_markGraphs;
    std::unique_ptr<const DensityMap> m_density;
    QTimer m_densityTimer;
    QFutureWatcher<DensityMap> m_densityWatcher;
    bool m_densityOutdated = false;
    bool m_boundsInKey = false;
};

}  // namespace quantscope
