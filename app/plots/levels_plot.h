// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// Distribution of the weights, of the decoded values, and the levels a quantizer offers. Decoded
/// values that gather on a few levels are drawn as stems on an axis of their own, because their
/// shares dwarf those of the weights.
class LevelsPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit LevelsPlot(QWidget* parent = nullptr);

    void setData(LevelsData data);
    const LevelsData& data() const { return *m_data; }

    /// Dims the picture while newer numbers are being computed.
    void setStale(bool stale) { setDimmed(stale); }
    bool isStale() const { return dimmed(); }
    /// A logarithmic density axis shows the tails.
    bool logDensity() const { return m_logDensity; }
    void setLogDensity(bool log);
    /// Whether decoded values are drawn as stems on the right axis.
    bool decodedAsStems() const { return m_stems; }

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
    void addToContextMenu(QMenu& menu, int mark) override;

private:
    void adopt(std::shared_ptr<const LevelsData> data);
    double binLow(int bin) const { return m_data->low + bin * m_data->binWidth; }
    double binCenter(int bin) const { return binLow(bin) + 0.5 * m_data->binWidth; }
    double density(int bin) const { return m_data->weightDensity[static_cast<std::size_t>(bin)]; }
    double decoded(int bin) const;
    QColor weightColor() const;
    QColor decodedColor() const;
    void addSteps(const std::vector<double>& densities, const QPen& pen, const QBrush& fill);
    void addStems();
    void updateKey();
    void paintLevels(QCPPainter& painter) const;

    std::shared_ptr<const LevelsData> m_data;
    bool m_logDensity = false;
    bool m_stems = false;
    double m_peak = 0.0;   ///< Greatest density of what the left axis shows.
    double m_least = 0.0;  ///< Smallest density above 0 there.
};

}  // namespace quantscope
