// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/allocate_view.h"

#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "app/gui/empty_state.h"
#include "app/gui/figure_strip.h"
#include "app/gui/perplexity_page.h"
#include "app/gui/plan_export_button.h"
#include "app/gui/plan_search_button.h"
#include "app/gui/plot_page.h"
#include "app/gui/qt_text.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"
#include "app/plots/budget_plot.h"
#include "app/plots/gain_plot.h"
#include "app/plots/plan_plot.h"
#include "app/plots/plot_text.h"
#include "app/plots/sensitivity_plot.h"
#include "core/base/text_file.h"

namespace quantscope {

namespace {

constexpr double budgetStep = 0.05;
// The slider counts hundredths of a bit.
constexpr double sliderSteps = 100.0;

int sliderValue(double bits) {
    return static_cast<int>(std::lround(sliderSteps * bits));
}

}  // namespace

AllocateView::AllocateView(Workbench& bench, QAction* run, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_run(run),
      m_pages(new QStackedWidget(this)),
      m_empty(new EmptyState(this)),
      m_page(new QWidget(this)),
      m_budget(new QDoubleSpinBox(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_allocator(new QComboBox(this)),
      m_loss(new QComboBox(this)),
      m_tied(new QCheckBox(tr("Tie q/k/v, gate/up"), this)),
      m_unlock(new QPushButton(tr("Unlock all"), this)),
      m_save(new QPushButton(themedIcon(QStringLiteral("save")), tr("Save plan..."), this)),
      m_search(new PlanSearchButton(bench, this)),
      m_export(new PlanExportButton(bench, this)),
      m_figures(new FigureStrip(this)),
      m_plan(new PlanPlot),
      m_budgetPlot(new BudgetPlot),
      m_tabs(new QTabWidget(this)),
      m_perplexity(new PerplexityPage(bench, m_tabs)),
      m_sensitivity(new SensitivityPlot),
      m_probe(new QComboBox(this)),
      m_gains(new GainPlot) {
    auto* header = new QVBoxLayout;
    header->setContentsMargins(16, 8, 16, 8);
    header->setSpacing(8);
    header->addWidget(makeTools());
    header->addLayout(makeAnswerRow());
    auto* layout = new QVBoxLayout(m_page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(header);
    makePlots();
    m_pages->addWidget(m_page);
    m_pages->addWidget(m_empty);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_pages);

    connect(&bench.allocation, &PlanFeed::changed, this, &AllocateView::followAnswer);
    connect(&bench.allocation, &PlanFeed::wishChanged, this, &AllocateView::followWish);
    followWish();
    followAnswer();
}

QWidget* AllocateView::makeTools() {
    auto* tools = new QWidget(m_page);
    auto* layout = new QVBoxLayout(tools);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addLayout(makeBudgetTools());
    layout->addLayout(makePlanTools());
    return tools;
}

QLayout* AllocateView::makeBudgetTools() {
    m_budget->setObjectName(QStringLiteral("budget"));
    m_budget->setAccessibleName(tr("Budget in bits per weight"));
    m_budget->setToolTip(
        tr("Bits per weight of all tensors together, everything stored included; never exceeded"));
    m_budget->setDecimals(2);
    m_budget->setSingleStep(budgetStep);
    m_budget->setLocale(QLocale::c());
    m_budget->setKeyboardTracking(false);
    m_slider->setObjectName(QStringLiteral("budgetSlider"));
    m_slider->setAccessibleName(m_budget->accessibleName());
    m_slider->setSingleStep(sliderValue(budgetStep));
    m_slider->setPageStep(sliderValue(10 * budgetStep));

    auto* label = new QLabel(tr("Budget"), m_page);
    label->setBuddy(m_budget);
    auto* unit = new QLabel(tr("bits per weight"), m_page);
    unit->setForegroundRole(QPalette::PlaceholderText);
    auto* tools = new QHBoxLayout;
    tools->setSpacing(8);
    tools->addWidget(label);
    tools->addWidget(m_budget);
    tools->addWidget(unit);
    tools->addWidget(m_slider, 1);

    connect(m_budget, &QDoubleSpinBox::valueChanged, this, &AllocateView::askBudget);
    connect(m_slider, &QSlider::valueChanged, this,
            [this](int value) { askBudget(value / sliderSteps); });
    return tools;
}

void AllocateView::makeLists() {
    const std::pair<const char*, QString> allocators[] = {
        {"exact", tr("Exact (least loss)")},
        {"lagrangian", tr("Lagrangian (one price per bit)")},
        {"greedy", tr("Greedy (best gain per bit)")},
        {"baq", tr("Closed form (BAQ)")},
        {"uniform", tr("Uniform (one method)")}};
    for (const auto& [id, name] : allocators)
        m_allocator->addItem(name, QString::fromLatin1(id));
    m_allocator->setObjectName(QStringLiteral("allocator"));
    m_allocator->setAccessibleName(tr("Allocator"));
    m_allocator->setToolTip(tr("How results are chosen under the budget"));
    const std::pair<const char*, QString> losses[] = {{"output", tr("Loss: tr(E H E^T)")},
                                                      {"weight", tr("Loss: squared error")},
                                                      {"relative", tr("Loss: relative error")}};
    for (const auto& [id, name] : losses)
        m_loss->addItem(name, QString::fromLatin1(id));
    m_loss->setObjectName(QStringLiteral("lossMeasure"));
    m_loss->setAccessibleName(tr("Loss"));
    m_loss->setToolTip(tr(
        "What is added up over tensors. What the model really loses can only be measured: judge a "
        "plan by its perplexity"));
    // The window may be narrow; the lists show the whole names.
    for (QComboBox* box : {m_allocator, m_loss}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(12);
    }

    connect(m_allocator, &QComboBox::activated, this, [this] {
        const Allocator wanted =
            parseAllocator(m_allocator->currentData().toString().toStdString());
        ask(tr("change the allocator"), [wanted](PlanWish& wish) { wish.allocator = wanted; });
    });
    connect(m_loss, &QComboBox::activated, this, [this] {
        const LossMeasure wanted = parseLossMeasure(m_loss->currentData().toString().toStdString());
        ask(tr("change the plan's loss"), [wanted](PlanWish& wish) { wish.loss = wanted; });
    });
}

QLayout* AllocateView::makePlanTools() {
    makeLists();
    m_tied->setToolTip(tr("Tensors that one kernel reads together get one method"));
    m_tied->setObjectName(QStringLiteral("tied"));
    m_unlock->setToolTip(tr("Let the allocator choose for every tensor again"));
    m_unlock->setObjectName(QStringLiteral("unlockAll"));

    auto* tools = new QHBoxLayout;
    tools->setSpacing(8);
    for (QWidget* tool : std::initializer_list<QWidget*>{m_allocator, m_loss, m_tied})
        tools->addWidget(tool);
    tools->addStretch(1);
    tools->addWidget(m_unlock);

    connect(m_tied, &QCheckBox::toggled, this, [this](bool tied) {
        ask(tied ? tr("tie tensors") : tr("untie tensors"),
            [tied](PlanWish& wish) { wish.tied = tied; });
    });
    connect(m_unlock, &QPushButton::clicked, this,
            [this] { ask(tr("unlock all tensors"), [](PlanWish& wish) { wish.locks.clear(); }); });
    return tools;
}

// What the plan comes to, and what can be done with it.
QLayout* AllocateView::makeAnswerRow() {
    m_save->setToolTip(tr("Write the plan as JSON, for quantscope-cli apply"));
    m_save->setObjectName(QStringLiteral("savePlan"));
    connect(m_save, &QPushButton::clicked, this, &AllocateView::savePlan);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_figures, 1);
    for (QWidget* action : std::initializer_list<QWidget*>{m_search, m_save, m_export})
        row->addWidget(action, 0, Qt::AlignBottom);
    return row;
}

void AllocateView::makePlots() {
    auto* splitter = new QSplitter(Qt::Horizontal, m_page);
    auto* plan = new PlotPage(m_plan, tr("Plan"), m_bench.selection, splitter);
    plan->showHeading(tr("What each tensor gets; the table says why"));
    m_plotPages.push_back(plan);
    splitter->addWidget(plan);
    makeSidePlots();
    splitter->addWidget(m_tabs);
    splitter->setChildrenCollapsible(false);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    static_cast<QVBoxLayout*>(m_page->layout())->addWidget(splitter, 1);
    connect(m_plan, &PlanPlot::lockRequested, this, &AllocateView::lock);
    connect(m_plan, &PlanPlot::unlockRequested, this, [this](const QStringList& tensors) {
        ask(tensors.size() == 1 ? tr("unlock a tensor") : tr("unlock tensors"),
            [&](PlanWish& wish) {
                for (const QString& tensor : tensors)
                    wish.locks.erase(tensor);
            });
    });
    connect(m_budgetPlot, &BudgetPlot::budgetRequested, this, [this](double bits) {
        // Rounded down the plan itself would not fit.
        askBudget(std::ceil(sliderSteps * bits) / sliderSteps);
    });
}

void AllocateView::makeSidePlots() {
    m_tabs->setDocumentMode(true);
    m_tabs->setUsesScrollButtons(true);
    m_tabs->setObjectName(QStringLiteral("allocateTabs"));
    m_tabs->setAccessibleName(tr("Plots beside the plan"));
    m_tabs->tabBar()->setAccessibleName(m_tabs->accessibleName());
    const auto addTab = [this](PlotPage* page, const QString& name, const QString& about) {
        m_tabs->setTabToolTip(m_tabs->addTab(page, name), about);
        m_plotPages.push_back(page);
    };
    const auto pageOf = [this](PlotWidget* plot, const QString& name) {
        return new PlotPage(plot, name, m_bench.selection, m_tabs);
    };
    addTab(pageOf(m_budgetPlot, tr("Loss by budget")), tr("Loss by budget"),
           tr("What more bits would buy"));
    addTab(m_perplexity, tr("Perplexity"), tr("What the model itself says of methods and plans"));
    PlotPage* sensitivity = pageOf(m_sensitivity, tr("Sensitivity"));
    m_probe->setObjectName(QStringLiteral("probe"));
    m_probe->setAccessibleName(tr("Method"));
    m_probe->setToolTip(tr("The method that every tensor gets alone"));
    m_probe->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_probe->setMinimumContentsLength(18);
    connect(m_probe, &QComboBox::activated, this, [this] {
        const QString method = m_probe->currentText();
        ask(tr("show another sensitivity"), [method](PlanWish& wish) { wish.probe = method; });
    });
    sensitivity->addTool(m_probe);
    addTab(sensitivity, tr("Sensitivity"), tr("What each tensor loses with one method alone"));
    addTab(pageOf(m_gains, tr("Hessian gain")), tr("Hessian gain"),
           tr("What error feedback gained, against what the Hessians let expect"));
}

void AllocateView::followSensitivity(const SensitivityData& sensitivity) {
    QStringList shown;
    for (int row = 0; row < m_probe->count(); ++row)
        shown << m_probe->itemText(row);
    if (shown != sensitivity.methods) {
        m_probe->clear();
        m_probe->addItems(sensitivity.methods);
    }
    m_probe->setCurrentText(sensitivity.method);
    m_probe->setEnabled(sensitivity.methods.size() > 1);
    m_sensitivity->setData(sensitivity);
}

PlotPage* AllocateView::currentPage() const {
    if (m_pages->currentWidget() != m_page) return nullptr;
    for (PlotPage* page : m_plotPages) {
        if (page->isAncestorOf(QApplication::focusWidget())) return page;
    }
    return m_plotPages.front();
}

void AllocateView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    m_bench.allocation.setWanted(true);
}

void AllocateView::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_bench.allocation.setWanted(false);
}

void AllocateView::ask(const QString& name, const std::function<void(PlanWish&)>& change,
                       const QString& mergeKey) {
    PlanWish wish = m_bench.allocation.wish();
    change(wish);
    m_bench.allocation.edit(name, wish, mergeKey);
}

void AllocateView::askBudget(double bitsPerWeight) {
    ask(
        tr("change the budget"),
        [bitsPerWeight](PlanWish& wish) { wish.bitsPerWeight = bitsPerWeight; },
        QStringLiteral("allocation budget"));
}

void AllocateView::lock(const QStringList& tensors, const QString& method) {
    ask(tensors.size() == 1 ? tr("lock a tensor") : tr("lock tensors"), [&](PlanWish& wish) {
        for (const QString& tensor : tensors)
            wish.locks[tensor] = method;
    });
}

void AllocateView::followWish() {
    const PlanWish& wish = m_bench.allocation.wish();
    const QSignalBlocker blockers[] = {QSignalBlocker(m_budget), QSignalBlocker(m_slider),
                                       QSignalBlocker(m_tied)};
    if (wish.bitsPerWeight) {
        m_budget->setValue(*wish.bitsPerWeight);
        m_slider->setValue(sliderValue(*wish.bitsPerWeight));
    }
    m_allocator->setCurrentIndex(m_allocator->findData(qtText(allocatorText(wish.allocator))));
    m_loss->setCurrentIndex(m_loss->findData(qtText(lossMeasureText(wish.loss))));
    m_tied->setChecked(wish.tied);
    m_unlock->setEnabled(!wish.locks.empty());
    m_unlock->setText(wish.locks.empty() ? tr("Unlock all")
                                         : tr("Unlock all (%1)").arg(wish.locks.size()));
}

void AllocateView::followAnswer() {
    const PlanAnswer& answer = m_bench.allocation.answer();
    const bool nothing = !answer.plan && answer.problem.isEmpty();
    m_pages->setCurrentWidget(nothing ? static_cast<QWidget*>(m_empty) : m_page);
    if (nothing) {
        m_empty->setContent(tr("No results to choose from"),
                            tr("A plan gives each tensor one of its measured results, so that the "
                               "loss is small and a budget is kept. Run several methods first."),
                            m_run);
        return;
    }
    if (answer.range.most > 0.0) {
        const QSignalBlocker blockers[] = {QSignalBlocker(m_budget), QSignalBlocker(m_slider)};
        m_budget->setRange(answer.range.lowest(), answer.range.highest());
        m_slider->setRange(sliderValue(m_budget->minimum()), sliderValue(m_budget->maximum()));
        // What is being typed or dragged is ahead of the answer; before the first edit nothing is.
        const double budget = answer.plan ? answer.plan->requestedBitsPerWeight : 0.0;
        const bool untouched = !m_bench.allocation.wish().bitsPerWeight;
        if (answer.plan && (untouched || !m_budget->hasFocus())) m_budget->setValue(budget);
        if (answer.plan && !m_slider->isSliderDown() && (untouched || !m_slider->hasFocus())) {
            m_slider->setValue(sliderValue(budget));
        }
    }
    m_tied->setVisible(answer.canTie);
    m_save->setEnabled(answer.plan.has_value());
    m_export->setEnabled(answer.plan.has_value());
    m_figures->setFigures(figures());
    const bool isSearched = answer.plan && answer.plan->search;
    m_figures->setNote(isSearched ? qtText(answer.plan->remarks.back()) : answer.problem);
    m_plan->setData(answer.bars);
    m_budgetPlot->setData(answer.curve);
    followSensitivity(answer.sensitivity);
    m_gains->setData(answer.gains);
    for (PlotPage* page : m_plotPages)
        page->refresh();
}

std::vector<NamedValue> AllocateView::figures() const {
    const PlanAnswer& answer = m_bench.allocation.answer();
    if (!answer.plan) return {};
    const AllocationPlan& plan = *answer.plan;
    std::vector<NamedValue> figures = {
        {tr("Bits per weight"), qtText(formatSignificant(plan.achievedBitsPerWeight, 4)),
         tr("Of all tensors together, everything stored included; %1 were asked for")
             .arg(qtText(formatSignificant(plan.requestedBitsPerWeight, 4)))},
        {tr("Loss"), numberText(plan.loss), answer.curve.lossName}};
    if (plan.search) {
        figures.push_back({plan.search->objective == "perplexity" ? tr("Perplexity, searched on")
                                                                  : tr("Divergence, searched on"),
                           numberText(plan.search->result),
                           tr("%1 before the search, on %2")
                               .arg(numberText(plan.search->start), qtText(plan.search->tokens))});
    }
    // The best that one method for all tensors does within the same bits.
    const UniformBaseline* uniform = nullptr;
    for (const UniformBaseline& baseline : plan.baselines) {
        if (baseline.bitsPerWeight > plan.requestedBitsPerWeight) continue;
        if (uniform == nullptr || baseline.loss < uniform->loss) uniform = &baseline;
    }
    if (uniform != nullptr && uniform->loss > 0.0) {
        figures.push_back({tr("Of uniform's loss"), percentText(plan.loss / uniform->loss),
                           tr("Loss relative to %1 for all tensors: %2 bits per weight, loss %3")
                               .arg(qtText(uniform->method), numberText(uniform->bitsPerWeight),
                                    numberText(uniform->loss))});
    }
    const double bound = plan.isOptimal ? plan.loss : plan.bound;
    const QString gap = plan.isOptimal ? tr("0 %")
                        : bound > 0.0  ? percentText(plan.loss / bound - 1.0)
                                       : tr("unknown");
    figures.push_back({tr("Above the bound"), gap,
                       tr("No plan within the budget loses less than %1").arg(numberText(bound))});
    return figures;
}

void AllocateView::savePlan() {
    const std::optional<AllocationPlan> plan = m_bench.allocation.answer().plan;
    if (!plan) return;
    QString path = QFileDialog::getSaveFileName(this, tr("Save plan"), QStringLiteral("plan.json"),
                                                tr("Plans (*.json)"));
    if (path.isEmpty()) return;
    // Other programs tell plans by it.
    if (!path.endsWith(QStringLiteral(".json"))) path += QStringLiteral(".json");
    JobOptions options;
    options.title = tr("Save plan");
    options.failureHeadline = tr("The plan was not saved.");
    m_bench.jobs.start(options, this, [plan, file = path.toStdString()](JobContext&) {
        writeTextFile(file, plan->toJson().dump(2) + '\n');
    });
}

}  // namespace quantscope
