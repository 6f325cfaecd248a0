// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <functional>
#include <vector>

#include "app/gui/value_list.h"
#include "app/jobs/plan_feed.h"

class QAction;
class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QPushButton;
class QSlider;
class QStackedWidget;
class QTabWidget;

namespace quantscope {

class BudgetPlot;
class EmptyState;
class FigureStrip;
class GainPlot;
class PerplexityPage;
class PlanExportButton;
class PlanPlot;
class PlanSearchButton;
class PlotPage;
class SensitivityPlot;
class Workbench;

/// The centre of the Allocate perspective: a budget, what each tensor gets under it among the
/// results on show, and what more bits would buy.
class AllocateView : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the view. `run` is what it offers while there are no results.
    AllocateView(Workbench& bench, QAction* run, QWidget* parent = nullptr);

    PlotPage* currentPage() const;
    PlanPlot* planPlot() const { return m_plan; }
    BudgetPlot* budgetPlot() const { return m_budgetPlot; }
    PerplexityPage* perplexityPage() const { return m_perplexity; }
    SensitivityPlot* sensitivityPlot() const { return m_sensitivity; }
    GainPlot* gainPlot() const { return m_gains; }

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* makeTools();
    QLayout* makeBudgetTools();
    void makeLists();
    QLayout* makePlanTools();
    QLayout* makeAnswerRow();
    void makePlots();
    void makeSidePlots();
    void followSensitivity(const SensitivityData& sensitivity);
    /// As one step that can be undone; see PlanFeed::edit.
    void ask(const QString& name, const std::function<void(PlanWish&)>& change,
             const QString& mergeKey = {});
    void askBudget(double bitsPerWeight);
    void lock(const QStringList& tensors, const QString& method);
    void followWish();
    void followAnswer();
    std::vector<NamedValue> figures() const;
    void savePlan();

    Workbench& m_bench;
    QAction* m_run;
    QStackedWidget* m_pages;
    EmptyState* m_empty;
    QWidget* m_page;
    QDoubleSpinBox* m_budget;
    QSlider* m_slider;
    QComboBox* m_allocator;
    QComboBox* m_loss;
    QCheckBox* m_tied;
    QPushButton* m_unlock;
    QPushButton* m_save;
    PlanSearchButton* m_search;
    PlanExportButton* m_export;
    FigureStrip* m_figures;
    PlanPlot* m_plan;
    BudgetPlot* m_budgetPlot;
    QTabWidget* m_tabs;
    PerplexityPage* m_perplexity;
    SensitivityPlot* m_sensitivity;
    QComboBox* m_probe;
    GainPlot* m_gains;
    std::vector<PlotPage*> m_plotPages;
};

}  // namespace quantscope
