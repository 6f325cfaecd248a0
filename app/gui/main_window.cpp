// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/main_window.h"

#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabBar>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/gui/allocate_view.h"
#include "app/gui/command_palette.h"
#include "app/gui/compare_view.h"
#include "app/gui/data_panel.h"
#include "app/gui/error_bar.h"
#include "app/gui/explore_view.h"
#include "app/gui/job_status.h"
#include "app/gui/jobs_panel.h"
#include "app/gui/messages_panel.h"
#include "app/gui/methods_panel.h"
#include "app/gui/panel_dock.h"
#include "app/gui/perspectives.h"
#include "app/gui/qt_text.h"
#include "app/gui/results_panel.h"
#include "app/gui/selected_panel.h"
#include "app/gui/start_page.h"
#include "app/gui/themed_icon.h"
#include "app/gui/window_actions.h"
#include "app/gui/workspace.h"
#include "app/jobs/workbench.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

const QString exploreName = QStringLiteral("explore");
const QString compareName = QStringLiteral("compare");
const QString allocateName = QStringLiteral("allocate");

}  // namespace

MainWindow::MainWindow(Workbench& bench, Theme& theme, QSettings& settings,
                       const std::filesystem::path& autosaveFolder)
    : m_bench(bench),
      m_theme(theme),
      m_settings(settings),
      m_undo(&bench.document, &bench.allocation),
      m_actions(new WindowActions(m_undo.stack(), this)),
      m_perspectives(new Perspectives(this, &settings)) {
    setObjectName(QStringLiteral("mainWindow"));
    setAcceptDrops(true);
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setDockNestingEnabled(true);
    makeWorkspace(autosaveFolder);
    makeDocks();
    makeCentre();
    makePerspectives();
    makeMenuBar();
    auto* jobs = new JobStatus(bench.jobs, this);
    statusBar()->addPermanentWidget(jobs);
    statusBar()->setSizeGripEnabled(false);
    connect(jobs, &JobStatus::clicked, this, [this] {
        m_jobsDock->show();
        m_jobsDock->raise();
    });
    m_palette = new CommandPalette([this] { return commands(); }, this);
    connectActions();
    connectRun();
    restoreSettings();
    followCentre();
    followTitle();
    followRunnable();
}

MainWindow::~MainWindow() = default;

void MainWindow::makeWorkspace(const std::filesystem::path& autosaveFolder) {
    Workspace::WindowPart part;
    part.save = [this](Session& session) {
        session.perspective = m_wantedPerspective;
        session.window = Json{{"metric", m_compare->metric().toStdString()},
                              {"points", m_compare->points().toStdString()},
                              {"allocation", m_bench.allocation.wish().toJson()}};
    };
    part.restore = [this](const Session& session) {
        showPerspective(session.perspective);
        const auto text = [&session](const char* name) {
            const bool known = session.window.is_object() && session.window.contains(name) &&
                               session.window[name].is_string();
            return known ? QString::fromStdString(session.window[name].get<std::string>())
                         : QString();
        };
        m_compare->choose(text("metric"), text("points"));
        restorePlanWish(session.window.is_object() ? session.window.value("allocation", Json())
                                                   : Json());
    };
    m_workspace = new Workspace(m_bench, std::move(part), autosaveFolder, this);
    connect(m_workspace, &Workspace::titleChanged, this, &MainWindow::followTitle);
    connect(m_workspace, &Workspace::opened, this, &MainWindow::followCentre);
    connect(&m_bench.document, &ExperimentDocument::modifiedChanged, this,
            &MainWindow::followTitle);
}

void MainWindow::restorePlanWish(const Json& json) {
    const PlanWish wish = PlanWish::fromJson(json);
    m_bench.allocation.setWish(wish);
    if (!json.is_object() || !json.contains("allocator") ||
        json["allocator"] == allocatorText(wish.allocator)) {
        return;
    }
    m_bench.messages.add(
        {Message::Severity::Note,
         tr("The allocator of the session was not restored."),
         tr("%1 is none that the window offers; plans are made with %2 instead.")
             .arg(qtText(printableText(json["allocator"].dump())),
                  qtText(allocatorText(wish.allocator))),
         tr("Choose an allocator in the perspective Allocate; quantscope-cli allocate makes "
            "rankings."),
         {},
         {}});
}

void MainWindow::makeDocks() {
    setCorner(Qt::TopLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::TopRightCorner, Qt::RightDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);

    m_data = new DataPanel(m_bench, m_actions->open, this);
    m_methods = new MethodsPanel(m_bench, m_actions->run, m_actions->cancel, this);
    m_results = new ResultsPanel(m_bench, m_actions->run, this);
    m_selected = new SelectedPanel(m_bench, this);
    auto* jobs = new JobsPanel(m_bench, this);
    auto* messages = new MessagesPanel(&m_bench.messages, this);
    m_dataDock = new PanelDock(tr("Data"), QStringLiteral("dataDock"), m_data, this);
    m_methodsDock = new PanelDock(tr("Methods"), QStringLiteral("methodsDock"), m_methods, this);
    m_methodsDock->addTitleAction(m_methods->addAction());
    m_resultsDock = new PanelDock(tr("Results"), QStringLiteral("resultsDock"), m_results, this);
    m_selectedDock =
        new PanelDock(tr("Selected"), QStringLiteral("selectedDock"), m_selected, this);
    m_jobsDock = new PanelDock(tr("Jobs"), QStringLiteral("jobsDock"), jobs, this);
    m_messagesDock = new PanelDock(tr("Messages"), QStringLiteral("messagesDock"), messages, this);
    placeDocks();
    connect(m_data, &DataPanel::detailsRequested, this, &MainWindow::showTensor);
    connect(m_selected, &SelectedPanel::detailsRequested, this, &MainWindow::showTensor);
    connect(m_selected, &SelectedPanel::copied, this, [this] {
        statusBar()->showMessage(tr("The command line is on the clipboard."), 4000);
    });
    connect(m_results, &ResultsPanel::copied, this, [this](int rows) {
        statusBar()->showMessage(tr("%1 rows are on the clipboard.").arg(rows), 4000);
    });
}

void MainWindow::placeDocks() {
    for (PanelDock* dock :
         {m_dataDock, m_methodsDock, m_selectedDock, m_resultsDock, m_jobsDock, m_messagesDock}) {
        dock->setFloating(false);
        dock->hide();
    }
    addDockWidget(Qt::LeftDockWidgetArea, m_dataDock);
    addDockWidget(Qt::RightDockWidgetArea, m_methodsDock);
    addDockWidget(Qt::RightDockWidgetArea, m_selectedDock);
    splitDockWidget(m_methodsDock, m_selectedDock, Qt::Vertical);
    addDockWidget(Qt::BottomDockWidgetArea, m_resultsDock);
    tabifyDockWidget(m_resultsDock, m_jobsDock);
    tabifyDockWidget(m_jobsDock, m_messagesDock);
}

// Wide enough for names and forms, as long as the plots keep half of the window.
int MainWindow::sideWidth() const {
    const int em = fontMetrics().height();
    return std::clamp(width() / 4, 18 * em, 24 * em);
}

void MainWindow::layOutCompare() {
    placeDocks();
    for (PanelDock* dock :
         {m_dataDock, m_methodsDock, m_selectedDock, m_resultsDock, m_jobsDock, m_messagesDock}) {
        dock->show();
    }
    m_resultsDock->raise();
    const int em = fontMetrics().height();
    resizeDocks({m_dataDock, m_methodsDock}, {sideWidth(), sideWidth()}, Qt::Horizontal);
    resizeDocks({m_methodsDock, m_selectedDock}, {em * 28, em * 22}, Qt::Vertical);
    resizeDocks({m_resultsDock}, {em * 15}, Qt::Vertical);
}

void MainWindow::layOutExplore() {
    placeDocks();
    for (PanelDock* dock : {m_dataDock, m_methodsDock, m_selectedDock})
        dock->show();
    const int em = fontMetrics().height();
    resizeDocks({m_dataDock, m_methodsDock}, {sideWidth(), sideWidth()}, Qt::Horizontal);
    resizeDocks({m_methodsDock, m_selectedDock}, {em * 30, em * 20}, Qt::Vertical);
}

void MainWindow::layOutAllocate() {
    placeDocks();
    for (PanelDock* dock :
         {m_selectedDock, m_methodsDock, m_resultsDock, m_jobsDock, m_messagesDock}) {
        dock->show();
    }
    m_resultsDock->raise();
    const int em = fontMetrics().height();
    resizeDocks({m_methodsDock}, {sideWidth()}, Qt::Horizontal);
    resizeDocks({m_methodsDock, m_selectedDock}, {em * 24, em * 26}, Qt::Vertical);
    resizeDocks({m_resultsDock}, {em * 12}, Qt::Vertical);
}

void MainWindow::makeCentre() {
    auto* centre = new QWidget(this);
    m_centre = new QStackedWidget(centre);
    m_start = new StartPage(&m_bench.recentFiles, m_actions->open, m_centre);
    m_explore = new ExploreView(m_bench, m_actions->open, m_actions->addMethod, m_centre);
    m_compare = new CompareView(m_bench, m_actions->run, m_centre);
    m_allocate = new AllocateView(m_bench, m_actions->run, m_centre);
    for (QWidget* page :
         std::initializer_list<QWidget*>{m_start, m_explore, m_compare, m_allocate}) {
        m_centre->addWidget(page);
    }
    auto* layout = new QVBoxLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(new ErrorBar(&m_bench.messages, centre));
    layout->addWidget(m_centre, 1);
    setCentralWidget(centre);
    connect(m_start, &StartPage::openRequested, this, &MainWindow::open);
    connect(m_methods, &MethodsPanel::currentMethodChanged, m_explore, &ExploreView::setMethod);
    connect(m_explore, &ExploreView::methodRequested, m_methods, &MethodsPanel::setCurrentMethod);
    m_explore->setMethod(m_methods->currentMethod());
    const auto wantDecoded = [this] {
        m_bench.plots.setDecodedWanted(m_explore->decodedWanted() || m_compare->decodedWanted());
    };
    connect(m_explore, &ExploreView::decodedWantedChanged, this, wantDecoded);
    connect(m_compare, &CompareView::decodedWantedChanged, this, wantDecoded);
}

void MainWindow::makePerspectives() {
    m_perspectives->add(exploreName, [this] { layOutExplore(); });
    m_perspectives->add(compareName, [this] { layOutCompare(); });
    m_perspectives->add(allocateName, [this] { layOutAllocate(); });
    connect(m_perspectives, &Perspectives::currentChanged, this, &MainWindow::followPerspective);
    m_perspectiveBar = new QTabBar(this);
    m_perspectiveBar->setObjectName(QStringLiteral("perspectiveBar"));
    m_perspectiveBar->setAccessibleName(tr("Perspective"));
    m_perspectiveBar->setDrawBase(false);
    m_perspectiveBar->setExpanding(false);
    for (const auto& [name, action] :
         {std::pair(exploreName, m_actions->explore), std::pair(compareName, m_actions->compare),
          std::pair(allocateName, m_actions->allocate)}) {
        const int tab = m_perspectiveBar->addTab(action->icon(),
                                                 QString(action->text()).remove(QLatin1Char('&')));
        m_perspectiveBar->setTabData(tab, name);
        m_perspectiveBar->setTabToolTip(tab, action->toolTip());
        connect(action, &QAction::triggered, this,
                [this, wanted = name] { showPerspective(wanted); });
    }
    connect(m_perspectiveBar, &QTabBar::currentChanged, this,
            [this](int tab) { showPerspective(m_perspectiveBar->tabData(tab).toString()); });
}

void MainWindow::makeMenuBar() {
    QList<QAction*> panels;
    for (PanelDock* dock :
         {m_dataDock, m_methodsDock, m_resultsDock, m_selectedDock, m_jobsDock, m_messagesDock}) {
        panels << dock->toggleViewAction();
    }
    menuBar()->setNativeMenuBar(false);
    m_actions->fill(*menuBar(), panels);
    connect(m_actions->recentMenu, &QMenu::aboutToShow, this, &MainWindow::fillRecentMenu);
    auto* find = new QToolButton(this);
    find->setObjectName(QStringLiteral("findButton"));
    find->setAutoRaise(true);
    find->setIcon(m_actions->find->icon());
    find->setText(
        tr("Find  %1").arg(m_actions->find->shortcut().toString(QKeySequence::NativeText)));
    find->setToolTip(m_actions->find->toolTip());
    find->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    connect(find, &QToolButton::clicked, m_actions->find, &QAction::trigger);
    auto* corner = new QWidget(this);
    auto* layout = new QHBoxLayout(corner);
    layout->setContentsMargins(0, 0, 8, 0);
    layout->setSpacing(16);
    layout->addWidget(m_perspectiveBar);
    layout->addWidget(find);
    menuBar()->setCornerWidget(corner, Qt::TopRightCorner);
}

void MainWindow::open(const QString& path) {
    m_workspace->open(path);
}

void MainWindow::showPerspective(const QString& name) {
    if (!m_perspectives->contains(name)) return;
    m_wantedPerspective = name;
    followCentre();
}

void MainWindow::followCentre() {
    const ExperimentSpec& spec = m_bench.document.spec();
    const bool started = !spec.data.file.empty() || !m_bench.run.runFolder().empty() ||
                         m_bench.results.count() > 0 || m_bench.run.isRunning();
    m_perspectiveBar->setVisible(started);
    if (!started) {
        m_centre->setCurrentWidget(m_start);
        return;
    }
    if (m_wantedPerspective.isEmpty()) {
        // Somebody with methods wants to compare them; somebody with a bare file looks at it first.
        m_wantedPerspective = spec.methods.empty() ? exploreName : compareName;
    }
    m_perspectives->show(m_wantedPerspective);
    followPerspective(m_wantedPerspective);
}

QWidget* MainWindow::centreOf(const QString& perspective) const {
    if (perspective == exploreName) return m_explore;
    if (perspective == allocateName) return m_allocate;
    return m_compare;
}

void MainWindow::followPerspective(const QString& name) {
    m_centre->setCurrentWidget(centreOf(name));
    for (int tab = 0; tab < m_perspectiveBar->count(); ++tab) {
        if (m_perspectiveBar->tabData(tab) == name) m_perspectiveBar->setCurrentIndex(tab);
    }
}

// The tab bars of docks are made by Qt, whenever it lays docks out anew, and have no name for
// screen readers.
void MainWindow::childEvent(QChildEvent* event) {
    QMainWindow::childEvent(event);
    if (!event->polished()) return;
    auto* bar = qobject_cast<QTabBar*>(event->child());
    if (bar == nullptr) return;
    bar->setAccessibleName(tr("Panels"));
    bar->setFocusPolicy(Qt::NoFocus);
    bar->installEventFilter(this);
}

// Qt keeps spare tab bars of docks, without tabs, beyond the edge of the window: the keyboard would
// get lost there.
bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Move || event->type() == QEvent::Resize) {
        if (auto* bar = qobject_cast<QTabBar*>(watched)) {
            bar->setFocusPolicy(bar->count() > 0 ? Qt::TabFocus : Qt::NoFocus);
        }
    }
    return QMainWindow::eventFilter(watched, event);
}

void MainWindow::followTitle() {
    const QString title = m_workspace->title();
    // Before the mark: only a title with a place for it can bear one.
    setWindowTitle(title.isEmpty() ? QStringLiteral("Quantscope[*]")
                                   : QStringLiteral("%1[*] - Quantscope").arg(title));
    setWindowModified(m_workspace->hasUnsavedWork());
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!m_workspace->mayReplace()) {
        event->ignore();
        return;
    }
    saveSettings();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    const QList<QUrl> urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.front().isLocalFile()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    event->acceptProposedAction();
    open(event->mimeData()->urls().front().toLocalFile());
}

}  // namespace quantscope
