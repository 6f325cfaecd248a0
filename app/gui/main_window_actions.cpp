// SPDX-License-Identifier: GPL-3.0-or-later
// What the actions of the window do.
#include <QFileDialog>
#include <QMenu>
#include <QSaveFile>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabWidget>
#include <QTreeView>
#include <algorithm>

#include "app/gui/about_dialog.h"
#include "app/gui/allocate_view.h"
#include "app/gui/command_palette.h"
#include "app/gui/compare_view.h"
#include "app/gui/data_panel.h"
#include "app/gui/explore_view.h"
#include "app/gui/main_window.h"
#include "app/gui/methods_panel.h"
#include "app/gui/panel_dock.h"
#include "app/gui/perspectives.h"
#include "app/gui/plot_page.h"
#include "app/gui/plugin_page.h"
#include "app/gui/qt_text.h"
#include "app/gui/results_panel.h"
#include "app/gui/selected_panel.h"
#include "app/gui/tensor_dialog.h"
#include "app/gui/themed_icon.h"
#include "app/gui/window_actions.h"
#include "app/gui/workspace.h"
#include "app/jobs/workbench.h"
#include "app/plots/levels_plot.h"

namespace quantscope {

namespace {

bool hasFailedTrials(const ResultSet& results) {
    return std::ranges::any_of(results.records(),
                               [](const RecordPointer& record) { return record->failed(); });
}

}  // namespace

void MainWindow::connectActions() {
    WindowActions& a = *m_actions;
    connect(a.open, &QAction::triggered, m_workspace, &Workspace::chooseAndOpen);
    connect(a.openRun, &QAction::triggered, m_workspace, &Workspace::chooseAndOpenRun);
    connect(a.save, &QAction::triggered, m_workspace, &Workspace::save);
    connect(a.saveAs, &QAction::triggered, m_workspace, &Workspace::saveAs);
    connect(a.exportExperiment, &QAction::triggered, m_workspace, &Workspace::exportExperiment);
    connect(a.discardRecovered, &QAction::triggered, m_workspace, &Workspace::discardLeftovers);
    const auto followLeftovers = [this] {
        m_actions->discardRecovered->setEnabled(!m_workspace->autosave().leftovers().empty());
    };
    connect(m_workspace, &Workspace::leftoversChanged, this, followLeftovers);
    followLeftovers();
    connect(a.exportFigure, &QAction::triggered, this, [this] {
        if (PlotPage* page = currentPlotPage()) page->exportFigure();
    });
    connect(a.exportResults, &QAction::triggered, this, &MainWindow::exportResults);
    connect(a.quit, &QAction::triggered, this, &QWidget::close);

    connect(a.addMethod, &QAction::triggered, m_methods->addAction(), &QAction::trigger);
    connect(a.useHessians, &QAction::triggered, m_workspace, &Workspace::chooseHessians);
    connect(a.removeHessians, &QAction::triggered, m_workspace, &Workspace::removeHessians);
    connect(a.useCodebooks, &QAction::triggered, m_workspace, &Workspace::chooseCodebooks);
    connect(a.removeCodebooks, &QAction::triggered, m_workspace, &Workspace::removeCodebooks);
    connect(a.tensorDetails, &QAction::triggered, this,
            [this] { showTensor(m_bench.selection.currentTensor()); });
    connect(a.copyCommand, &QAction::triggered, m_selected, &SelectedPanel::copyCommandLine);
    connect(a.useSettings, &QAction::triggered, m_selected, &SelectedPanel::useSettings);
    connect(a.showInExplore, &QAction::triggered, a.explore, &QAction::trigger);
    const QList<QAction*> trialActions = {a.copyCommand, a.useSettings, a.showInExplore};
    m_results->setTrialActions(trialActions);
    m_compare->setTrialActions(trialActions);
    connect(a.copyTable, &QAction::triggered, m_results, &ResultsPanel::copyAll);
    connect(a.find, &QAction::triggered, m_palette, &CommandPalette::open);

    connect(a.toggleTable, &QAction::triggered, this, [this] {
        if (PlotPage* page = currentPlotPage()) page->setTableShown(!page->showsTable());
    });
    connect(a.filterTensors, &QAction::triggered, this, [this] {
        m_dataDock->show();
        m_data->focusFilter();
    });
    connect(a.nextPane, &QAction::triggered, this, &MainWindow::showNextPane);
    connect(a.resetLayout, &QAction::triggered, m_perspectives, &Perspectives::reset);
    connect(a.themes, &QActionGroup::triggered, this, [this](const QAction* theme) {
        m_theme.setChoice(themeChoiceFromText(theme->data().toString(), ThemeChoice::System));
        m_settings.setValue(QStringLiteral("theme"), theme->data());
    });

    connect(a.run, &QAction::triggered, this, [this] { m_bench.run.start(); });
    connect(a.runIn, &QAction::triggered, this, &MainWindow::runIntoFolder);
    connect(a.cancel, &QAction::triggered, &m_bench.run, &RunController::cancel);
    connect(a.retryFailed, &QAction::triggered, &m_bench.run, &RunController::retryFailed);

    connect(a.shortcuts, &QAction::triggered, this, [this] {
        const std::vector<ShortcutSheet::Group> groups = m_actions->groups();
        (new ShortcutSheet({groups.begin(), groups.end()}, this))->show();
    });
    connect(a.plugins, &QAction::triggered, this,
            [this] { (new PluginPage(&m_bench.plugins, this))->show(); });
    connect(a.about, &QAction::triggered, this, [this] { (new AboutDialog(this))->show(); });
}

void MainWindow::connectRun() {
    connect(&m_bench.run, &RunController::runningChanged, this, &MainWindow::followRunnable);
    connect(&m_bench.run, &RunController::finished, this, &MainWindow::reportRun);
    connect(&m_bench.run, &RunController::runFolderChanged, this, &MainWindow::followCentre);
    connect(&m_bench.plan, &PlanPreview::changed, this, &MainWindow::followRunnable);
    connect(m_methods, &MethodsPanel::problemsChanged, this, &MainWindow::followRunnable);
    connect(&m_bench.document, &ExperimentDocument::specChanged, this, &MainWindow::followRunnable);
    connect(&m_bench.results, &ResultSet::changed, this, &MainWindow::followRunnable);
    connect(&m_bench.selection, &TrialSelection::currentTrialChanged, this,
            &MainWindow::followRunnable);
    connect(&m_bench.selection, &TrialSelection::currentTensorChanged, this,
            &MainWindow::followRunnable);
}

void MainWindow::followRunnable() {
    const bool running = m_bench.run.isRunning();
    const bool runnable = !running && m_bench.plan.summary().error.isEmpty() &&
                          m_bench.plan.summary().trials > 0 && !m_methods->hasProblems();
    m_actions->run->setEnabled(runnable);
    m_actions->runIn->setEnabled(runnable);
    m_actions->cancel->setEnabled(running);
    m_actions->retryFailed->setEnabled(!running && !m_bench.run.runFolder().empty() &&
                                       hasFailedTrials(m_bench.results));
    for (QAction* action :
         {m_actions->copyCommand, m_actions->useSettings, m_actions->showInExplore}) {
        action->setEnabled(!m_bench.selection.currentTrial().isEmpty());
    }
    m_actions->copyTable->setEnabled(m_bench.results.count() > 0);
    m_actions->exportResults->setEnabled(m_bench.results.count() > 0);
    m_actions->removeHessians->setEnabled(!m_bench.document.spec().hessians.empty());
    m_actions->removeCodebooks->setEnabled(!m_bench.document.spec().codebooks.empty());
    m_actions->tensorDetails->setEnabled(
        m_bench.tensors.tensor(m_bench.selection.currentTensor()) != nullptr);
}

void MainWindow::reportRun(const RunSummary& summary) {
    const auto ended = summary.finished + summary.failed;
    const QString trials = ended == 1 ? tr("1 trial") : tr("%1 trials").arg(ended);
    const QString seconds = summary.seconds < 0.1
                                ? tr("less than 0.1 s")
                                : tr("%1 s").arg(QString::number(summary.seconds, 'f', 1));
    const QString earlier = summary.recorded > 0
                                ? tr(", %1 taken over from earlier runs").arg(summary.recorded)
                                : QString();
    statusBar()->showMessage(tr("%1 in %2").arg(trials, seconds) + earlier, 8000);
    if (summary.failed == 0) return;
    Message message;
    message.severity = Message::Severity::Warning;
    message.what = tr("%1 of %2 trials have no result.").arg(summary.failed).arg(ended);
    for (const RecordPointer& record : m_bench.results.records()) {
        if (!record->failed()) continue;
        message.why = qtText(record->error);
        break;
    }
    message.remedy = tr("The column Remark of the results says why for each.");
    message.actionLabel = tr("Show results");
    message.action = [this] {
        m_resultsDock->show();
        m_resultsDock->raise();
    };
    m_bench.messages.add(message);
}

void MainWindow::fillRecentMenu() {
    QMenu* menu = m_actions->recentMenu;
    menu->clear();
    for (const QString& path : m_bench.recentFiles.paths()) {
        menu->addAction(path, [this, path] { open(path); });
    }
    menu->addSeparator();
    QAction* clear =
        menu->addAction(tr("Clear this list"), &m_bench.recentFiles, &RecentFiles::clear);
    clear->setEnabled(!m_bench.recentFiles.paths().isEmpty());
}

void MainWindow::exportResults() {
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Export result table"), QStringLiteral("results.csv"), tr("Tables (*.csv)"));
    if (path.isEmpty()) return;
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly) && file.write(m_results->csv().toUtf8()) >= 0 &&
        file.commit()) {
        statusBar()->showMessage(tr("The results are in %1.").arg(path), 8000);
        return;
    }
    m_bench.messages.add(
        errorMessage(tr("The results were not exported."),
                     Error("The file " + path.toStdString() +
                               " cannot be written: " + file.errorString().toStdString() + ".",
                           "Choose another folder.")));
}

void MainWindow::runIntoFolder() {
    const QString folder =
        QFileDialog::getExistingDirectory(this, tr("Choose an empty folder, or one of this run"));
    if (!folder.isEmpty()) m_bench.run.start(folder.toStdString());
}

void MainWindow::showTensor(const QString& tensor) {
    if (m_bench.tensors.tensor(tensor)) (new TensorDialog(m_bench, tensor, this))->show();
}

PlotPage* MainWindow::currentPlotPage() const {
    if (m_centre->currentWidget() == m_compare) return m_compare->currentPage();
    if (m_centre->currentWidget() == m_explore) return m_explore->currentPage();
    if (m_centre->currentWidget() == m_allocate) return m_allocate->currentPage();
    return nullptr;
}

void MainWindow::showNextPane() {
    QList<QWidget*> panes{m_centre->currentWidget()};
    for (PanelDock* dock :
         {m_dataDock, m_methodsDock, m_selectedDock, m_resultsDock, m_jobsDock, m_messagesDock}) {
        // A dock behind another tab is visible to Qt, but not to people.
        if (dock->isVisible() && !dock->visibleRegion().isEmpty()) panes << dock->widget();
    }
    qsizetype next = 0;
    for (qsizetype i = 0; i < panes.size(); ++i) {
        if (panes[i]->isAncestorOf(focusWidget())) next = (i + 1) % panes.size();
    }
    for (QWidget* widget = panes[next]->nextInFocusChain(); widget != panes[next];
         widget = widget->nextInFocusChain()) {
        const bool usable =
            widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus);
        if (usable && panes[next]->isAncestorOf(widget)) {
            widget->setFocus(Qt::TabFocusReason);
            return;
        }
    }
}

std::vector<Command> MainWindow::commands() {
    std::vector<Command> commands;
    for (const ShortcutSheet::Group& group : m_actions->groups()) {
        for (QAction* action : group.actions) {
            if (!action->isEnabled() || !action->isVisible()) continue;
            commands.push_back({QString(action->text()).remove(QLatin1Char('&')), group.title,
                                action->shortcut().toString(QKeySequence::NativeText),
                                action->icon(), [action] { action->trigger(); }});
        }
    }
    for (const auto& method : m_bench.registry.methods()) {
        const QString id = qtText(method->id());
        commands.push_back({tr("Add %1").arg(qtText(method->name())), tr("Method"), id,
                            themedIcon(QStringLiteral("methods")), [this, id] {
                                m_methods->setCurrentMethod(m_bench.methods.addMethod(id));
                            }});
    }
    addTensorCommands(commands);
    return commands;
}

void MainWindow::addTensorCommands(std::vector<Command>& commands) {
    for (const TensorInfo& tensor : m_bench.tensors.tensors()) {
        const QString name = qtText(tensor.name);
        commands.push_back({name, tr("Tensor"), qtText(formatShape(tensor.shape)),
                            themedIcon(QStringLiteral("tensor")), [this, name] {
                                m_dataDock->show();
                                m_bench.selection.setCurrentTensor(name);
                                m_data->tree()->setFocus(Qt::OtherFocusReason);
                            }});
    }
}

void MainWindow::restoreSettings() {
    if (!restoreGeometry(m_settings.value(QStringLiteral("geometry")).toByteArray())) {
        resize(1360, 860);
    }
    const QStringList columns = m_settings.value(QStringLiteral("columns")).toStringList();
    if (!columns.isEmpty()) m_results->setShownColumns(columns);
    for (QAction* theme : m_actions->themes->actions()) {
        theme->setChecked(theme->data().toString() == themeChoiceToText(m_theme.choice()));
    }
}

void MainWindow::saveSettings() {
    m_perspectives->save();
    m_settings.setValue(QStringLiteral("geometry"), saveGeometry());
    m_settings.setValue(QStringLiteral("columns"), m_results->shownColumns());
}

}  // namespace quantscope
