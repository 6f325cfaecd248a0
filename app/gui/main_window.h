// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMainWindow>
#include <QSettings>
#include <filesystem>

#include "app/gui/spec_undo.h"
#include "app/gui/theme.h"
#include "core/base/json.h"
#include "core/run/engine.h"

class QStackedWidget;
class QTabBar;

namespace quantscope {

class AllocateView;
class CommandPalette;
struct Command;
class CompareView;
class DataPanel;
class ExploreView;
class JobStatus;
class JobsPanel;
class MessagesPanel;
class MethodsPanel;
class PanelDock;
class Perspectives;
class PlotPage;
class ResultsPanel;
class SelectedPanel;
class StartPage;
class WindowActions;
class Workbench;
class Workspace;

/// The window: perspectives over the same data, methods, results and selection, with panels around
/// a centre. Holds no data of its own; everything it shows is in the workbench.
class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    /// Everything outlives the window. Automatic saves go to `autosaveFolder`.
    MainWindow(Workbench& bench, Theme& theme, QSettings& settings,
               const std::filesystem::path& autosaveFolder);
    ~MainWindow() override;

    /// Opens a data file, an experiment, a session or a result folder.
    void open(const QString& path);
    /// "explore", "compare" or "allocate"; other names are ignored.
    void showPerspective(const QString& name);

    Workbench& bench() const { return m_bench; }
    Workspace& workspace() const { return *m_workspace; }
    WindowActions& actions() const { return *m_actions; }
    QUndoStack& undoStack() { return m_undo.stack(); }
    MethodsPanel& methodsPanel() const { return *m_methods; }
    ExploreView& exploreView() const { return *m_explore; }
    CompareView& compareView() const { return *m_compare; }
    AllocateView& allocateView() const { return *m_allocate; }

protected:
    void childEvent(QChildEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeWorkspace(const std::filesystem::path& autosaveFolder);
    /// Says what could not be restored.
    void restorePlanWish(const Json& json);
    void makeCentre();
    void makeDocks();
    void makePerspectives();
    void makeMenuBar();
    void connectActions();
    void connectRun();
    void layOutCompare();
    void layOutExplore();
    void layOutAllocate();
    void placeDocks();
    int sideWidth() const;
    void followPerspective(const QString& name);
    QWidget* centreOf(const QString& perspective) const;
    void followCentre();
    void followTitle();
    void followRunnable();
    void reportRun(const RunSummary& summary);
    void fillRecentMenu();
    void exportResults();
    void runIntoFolder();
    void showTensor(const QString& tensor);
    void showNextPane();
    PlotPage* currentPlotPage() const;
    std::vector<Command> commands();
    void addTensorCommands(std::vector<Command>& commands);
    void restoreSettings();
    void saveSettings();

    Workbench& m_bench;
    Theme& m_theme;
    QSettings& m_settings;
    SpecUndo m_undo;
    WindowActions* m_actions;
    Workspace* m_workspace = nullptr;
    Perspectives* m_perspectives;
    QStackedWidget* m_centre = nullptr;
    StartPage* m_start = nullptr;
    ExploreView* m_explore = nullptr;
    CompareView* m_compare = nullptr;
    AllocateView* m_allocate = nullptr;
    QTabBar* m_perspectiveBar = nullptr;
    DataPanel* m_data = nullptr;
    MethodsPanel* m_methods = nullptr;
    ResultsPanel* m_results = nullptr;
    SelectedPanel* m_selected = nullptr;
    PanelDock* m_dataDock = nullptr;
    PanelDock* m_methodsDock = nullptr;
    PanelDock* m_resultsDock = nullptr;
    PanelDock* m_selectedDock = nullptr;
    PanelDock* m_jobsDock = nullptr;
    PanelDock* m_messagesDock = nullptr;
    CommandPalette* m_palette = nullptr;
    QString m_wantedPerspective;
};

}  // namespace quantscope
