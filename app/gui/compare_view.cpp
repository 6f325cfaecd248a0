// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/compare_view.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include "app/gui/plot_page.h"
#include "app/gui/qt_text.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"
#include "app/plots/error_map_plot.h"
#include "app/plots/levels_plot.h"
#include "app/plots/rate_bars_plot.h"
#include "app/plots/shares_plot.h"
#include "app/plots/trade_off_plot.h"
#include "app/plots/training_plot.h"
#include "app/plots/utilization_plot.h"

namespace quantscope {

namespace {

// What one point of the trade-off plot stands for.
const QString everyTensor = QStringLiteral("every-tensor");
const QString currentTensor = QStringLiteral("current-tensor");
const QString allTogether = QStringLiteral("all-together");

}  // namespace

CompareView::CompareView(Workbench& bench, QAction* run, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_tabs(new QTabWidget(this)),
      m_tradeOff(new TradeOffPlot),
      m_utilization(new UtilizationPlot),
      m_shares(new SharesPlot),
      m_training(new TrainingPlot),
      m_rateBars(new RateBarsPlot),
      m_levels(new LevelsPlot),
      m_errorMap(new ErrorMapPlot),
      m_metric(new QComboBox(this)),
      m_points(new QComboBox(this)) {
    m_tabs->setDocumentMode(true);
    m_tabs->setUsesScrollButtons(true);
    m_tabs->setObjectName(QStringLiteral("plotTabs"));
    m_tabs->setAccessibleName(tr("Plots"));
    m_tabs->tabBar()->setAccessibleName(m_tabs->accessibleName());
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_tabs);

    PlotPage* tradeOff = addPage(m_tradeOff, QStringLiteral("trade-off"), tr("Trade-off"),
                                 tr("Error against bits per weight, with the Pareto front"));
    PlotPage* utilization = addPage(m_utilization, QStringLiteral("utilization"), tr("Utilization"),
                                    tr("How evenly the current trial uses its codebooks"));
    PlotPage* shares = addPage(m_shares, QStringLiteral("shares"), tr("Shares"),
                               tr("Variance by slice, or what each stage leaves"));
    PlotPage* training = addPage(m_training, QStringLiteral("training"), tr("Training"),
                                 tr("How the error falls while codebooks are trained"));
    PlotPage* rateBars = addPage(m_rateBars, QStringLiteral("bits"), tr("Bits"),
                                 tr("What the bits per weight are spent on"));
    PlotPage* levels = addPage(m_levels, QStringLiteral("levels"), tr("Levels"),
                               tr("Distribution of the weights, and the values on offer"));
    PlotPage* errorMap = addPage(m_errorMap, QStringLiteral("error-map"), tr("Error map"),
                                 tr("Where in the matrix the error is"));
    makeTradeOffTools(tradeOff);
    makeTrainingTools(training);
    m_tradeOff->setEmptyAction(run);
    m_rateBars->setEmptyAction(run);

    const auto drawOn = [](auto* plot, PlotPage* page) {
        return [plot, page](const auto& drawn) {
            plot->setData(drawn);
            page->refresh();
        };
    };
    PlotFeed& feed = bench.plots;
    connect(&feed, &PlotFeed::tradeOffChanged, this, drawOn(m_tradeOff, tradeOff));
    connect(&feed, &PlotFeed::utilizationChanged, this, drawOn(m_utilization, utilization));
    connect(&feed, &PlotFeed::sharesChanged, this, drawOn(m_shares, shares));
    // It grows many times a second, so it is drawn only while it is looked at.
    const auto drawTraining = [this, training, &feed] {
        if (!training->isVisible()) return;
        m_training->setData(feed.training());
        training->refresh();
    };
    connect(&feed, &PlotFeed::trainingChanged, this, drawTraining);
    connect(m_tabs, &QTabWidget::currentChanged, this, drawTraining);
    connect(&feed, &PlotFeed::rateBarsChanged, this, drawOn(m_rateBars, rateBars));
    connect(&feed, &PlotFeed::levelsChanged, this, drawOn(m_levels, levels));
    connect(&feed, &PlotFeed::errorMapChanged, this, drawOn(m_errorMap, errorMap));
    connect(m_tabs, &QTabWidget::currentChanged, this, &CompareView::decodedWantedChanged);
    connect(&bench.selection, &TrialSelection::currentTensorChanged, this, [this] {
        if (points() == currentTensor) applyOptions();
    });
    connect(&bench.run, &RunController::runningChanged, this, &CompareView::selectTelling);
    connect(&bench.run, &RunController::runFolderChanged, this, &CompareView::selectTelling);
    applyOptions();
}

PlotPage* CompareView::addPage(PlotWidget* plot, const QString& icon, const QString& name,
                               const QString& toolTip) {
    auto* page = new PlotPage(plot, name, m_bench.selection, m_tabs);
    const int tab = m_tabs->addTab(page, themedIcon(icon), name);
    m_tabs->setTabToolTip(tab, toolTip);
    return page;
}

void CompareView::makeTradeOffTools(PlotPage* page) {
    for (const MetricInfo& metric : allMetrics()) {
        m_metric->addItem(titleWithUnit(metric.name, metric.unit), qtText(metric.id));
        m_metric->setItemData(m_metric->count() - 1, metricHelp(metric), Qt::ToolTipRole);
    }
    m_metric->setObjectName(QStringLiteral("metricChoice"));
    m_metric->setAccessibleName(tr("Metric"));
    m_metric->setToolTip(tr("What the vertical axis shows"));
    m_metric->setCurrentIndex(m_metric->findData(m_bench.plots.tradeOffOptions().metric));
    // The first answers the first question: which method is best at which rate.
    m_points->addItem(tr("All tensors together"), allTogether);
    m_points->addItem(tr("Every tensor"), everyTensor);
    m_points->addItem(tr("Current tensor"), currentTensor);
    m_points->setObjectName(QStringLiteral("pointsChoice"));
    m_points->setAccessibleName(tr("Points"));
    m_points->setToolTip(tr("A point for each trial, or one per method over all tensors"));
    for (QComboBox* box : {m_metric, m_points}) {
        // Long names show in the list; the window may be narrow.
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(18);
        connect(box, &QComboBox::activated, this, &CompareView::applyOptions);
        page->addTool(box);
    }
}

void CompareView::makeTrainingTools(PlotPage* page) {
    auto* follow = new QCheckBox(tr("Follow the run"), page);
    follow->setObjectName(QStringLiteral("followTraining"));
    follow->setToolTip(tr("While a trial trains, show it instead of the one that is selected"));
    follow->setChecked(true);
    connect(follow, &QCheckBox::toggled, &m_bench.plots, &PlotFeed::setTrainingFollowed);
    page->addTool(follow);
}

PlotPage* CompareView::currentPage() const {
    return static_cast<PlotPage*>(m_tabs->currentWidget());
}

void CompareView::setTrialActions(const QList<QAction*>& actions) {
    m_tradeOff->setTrialActions(actions);
    m_rateBars->setTrialActions(actions);
}

QString CompareView::metric() const {
    return m_metric->currentData().toString();
}

QString CompareView::points() const {
    return m_points->currentData().toString();
}

void CompareView::choose(const QString& metric, const QString& points) {
    // Texts from older sessions may name what is no more.
    if (const int row = m_metric->findData(metric); row >= 0) m_metric->setCurrentIndex(row);
    if (const int row = m_points->findData(points); row >= 0) m_points->setCurrentIndex(row);
    applyOptions();
}

void CompareView::applyOptions() {
    TradeOffOptions options;
    options.metric = metric();
    options.aggregate = points() == allTogether;
    if (points() == currentTensor && !m_bench.selection.currentTensor().isEmpty()) {
        options.tensors = {m_bench.selection.currentTensor()};
    }
    m_bench.plots.setTradeOffOptions(options);
}

void CompareView::selectTelling() {
    TrialSelection& selection = m_bench.selection;
    if (!isVisible() || m_bench.run.isRunning() || !selection.currentTrial().isEmpty()) return;
    const RecordPointer record =
        tellingRecord(m_bench.results.records(), selection.currentTensor().toStdString());
    if (!record) return;
    // As a click on its point: where that stands for a method over all tensors, with all of these.
    QSet<QString> trials{qtText(record->trialId)};
    if (points() == allTogether) {
        for (const RecordPointer& other : m_bench.results.records()) {
            if (!other->failed() && other->methodText == record->methodText) {
                trials << qtText(other->trialId);
            }
        }
    }
    selection.selectTrials(trials, qtText(record->trialId));
}

bool CompareView::decodedWanted() const {
    return m_errorMap->isVisible() || m_levels->isVisible();
}

void CompareView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    selectTelling();
    Q_EMIT decodedWantedChanged();
}

void CompareView::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    Q_EMIT decodedWantedChanged();
}

}  // namespace quantscope
