// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/models/trade_off_builder.h"

class QAction;
class QComboBox;
class QTabWidget;

namespace quantscope {

class ErrorMapPlot;
class LevelsPlot;
class PlotPage;
class PlotWidget;
class RateBarsPlot;
class TradeOffPlot;
class SharesPlot;
class TrainingPlot;
class UtilizationPlot;
class Workbench;

/// The centre of the Compare perspective: the plots of finished trials as tabs.
class CompareView : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the view. `run` is what empty plots offer.
    CompareView(Workbench& bench, QAction* run, QWidget* parent = nullptr);

    QTabWidget* tabs() const { return m_tabs; }
    PlotPage* currentPage() const;
    TradeOffPlot* tradeOffPlot() const { return m_tradeOff; }
    /// What the trade-off plot shows; to be kept with the session.
    QString metric() const;
    QString points() const;
    void choose(const QString& metric, const QString& points);
    /// Offers actions on the current trial in the context menus of points and bars.
    void setTrialActions(const QList<QAction*>& actions);
    /// The error map costs a pass over the tensor, so it is made only while it is on show.
    bool decodedWanted() const;

Q_SIGNALS:
    void decodedWantedChanged();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    PlotPage* addPage(PlotWidget* plot, const QString& icon, const QString& name,
                      const QString& toolTip);
    void makeTradeOffTools(PlotPage* page);
    void makeTrainingTools(PlotPage* page);
    void applyOptions();
    /// Selects a trial that is worth a look when none is selected, for the plots of single trials.
    void selectTelling();

    Workbench& m_bench;
    QTabWidget* m_tabs;
    TradeOffPlot* m_tradeOff;
    UtilizationPlot* m_utilization;
    SharesPlot* m_shares;
    TrainingPlot* m_training;
    RateBarsPlot* m_rateBars;
    LevelsPlot* m_levels;
    ErrorMapPlot* m_errorMap;
    QComboBox* m_metric;
    QComboBox* m_points;
};

}  // namespace quantscope
