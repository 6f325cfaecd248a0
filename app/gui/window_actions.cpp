// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/window_actions.h"

#include <QMenu>
#include <QUndoStack>

#include "app/gui/theme.h"
#include "app/gui/themed_icon.h"

namespace quantscope {

namespace {

// Between groups of a menu.
QAction* const separator = nullptr;

QString withoutMnemonic(const QString& text) {
    return QString(text).remove(QLatin1Char('&'));
}

}  // namespace

WindowActions::WindowActions(QUndoStack& stack, QWidget* owner) : QObject(owner), m_owner(owner) {
    const auto key = [](const char* text) { return QKeySequence(QLatin1String(text)); };
    open = add(tr("&Open..."), QStringLiteral("open"), QKeySequence::Open,
               tr("Open a data file, an experiment or a session"));
    openRun = add(tr("Open &result folder..."), QStringLiteral("group"), key("Ctrl+Shift+O"),
                  tr("Show the results of an earlier run"));
    recentMenu = new QMenu(tr("Open r&ecent"), owner);
    save = add(tr("&Save session"), QStringLiteral("save"), QKeySequence::Save,
               tr("Save the experiment, the results on show and the selection"));
    saveAs = add(tr("Save session &as..."), {}, QKeySequence::SaveAs,
                 tr("Save the session under another name"));
    exportFigure = add(tr("Export &figure..."), QStringLiteral("export"), key("Ctrl+E"),
                       tr("Write the plot on show as SVG, PDF or PNG"));
    exportResults = add(tr("Export result &table..."), QStringLiteral("table"), key("Ctrl+Shift+E"),
                        tr("Write the rows and columns on show as CSV"));
    exportExperiment = add(tr("Export e&xperiment..."), {}, {},
                           tr("Write the experiment as the command line tool runs it"));
    discardRecovered = add(tr("&Discard recovered work"), {}, {},
                           tr("Throw away what a crashed program left behind"));
    quit = add(tr("&Quit"), {}, QKeySequence::Quit, tr("Close Quantscope"));
    quit->setMenuRole(QAction::QuitRole);

    undo = stack.createUndoAction(owner, tr("&Undo"));
    undo->setIcon(themedIcon(QStringLiteral("undo")));
    undo->setShortcut(QKeySequence::Undo);
    redo = stack.createRedoAction(owner, tr("&Redo"));
    redo->setIcon(themedIcon(QStringLiteral("redo")));
    redo->setShortcut(key("Ctrl+Shift+Z"));
    owner->addActions({undo, redo});
    addMethod = add(tr("Add &method..."), QStringLiteral("add"), key("Ctrl+M"),
                    tr("Add a method to the experiment"));
    useHessians =
        add(tr("Use &Hessians..."), {}, {},
            tr("Weight errors by a file of Hessians, one per tensor, or by an importance file of "
               "llama.cpp"));
    removeHessians = add(tr("Remove Hessians"), {}, {}, tr("Go on without Hessians"));
    useCodebooks = add(tr("Use &codebooks..."), {}, {},
                       tr("Let methods with a given start begin with the codebooks of a file"));
    removeCodebooks = add(tr("Remove codebooks"), {}, {}, tr("Go on without given codebooks"));
    tensorDetails = add(tr("&Folding and statistics..."), QStringLiteral("fold"), key("Ctrl+I"),
                        tr("How the current tensor is folded, and what its values are like"));
    copyCommand = add(tr("Copy as &CLI command"), QStringLiteral("terminal"), key("Ctrl+Shift+C"),
                      tr("The command line that repeats the current trial"));
    useSettings = add(tr("&Use these settings"), QStringLiteral("methods"), {},
                      tr("Add the method of the current trial to the experiment"));
    showInExplore = add(tr("Show in &Explore"), QStringLiteral("explore"), {},
                        tr("Look at the current trial: its levels, errors and codebooks"));
    copyTable = add(tr("Copy result table"), QStringLiteral("copy"), {},
                    tr("Copy the rows and columns on show as CSV"));
    find = add(tr("&Find anything..."), QStringLiteral("search"), key("Ctrl+K"),
               tr("Find an action, a tensor or a method by a few letters"));

    explore = add(tr("&Explore"), QStringLiteral("explore"), key("Ctrl+1"),
                  tr("What does this setting do to this tensor?"));
    compare = add(tr("&Compare"), QStringLiteral("trade-off"), key("Ctrl+2"),
                  tr("Which method is best at which rate?"));
    allocate = add(tr("&Allocate"), QStringLiteral("allocate"), key("Ctrl+3"),
                   tr("Which tensor deserves how many bits?"));
    toggleTable = add(tr("Plot as &table"), QStringLiteral("table"), key("Ctrl+T"),
                      tr("Show the numbers behind the plot"));
    filterTensors = add(tr("&Filter tensors"), QStringLiteral("filter"), QKeySequence::Find,
                        tr("Go to the filter of the tensor list"));
    nextPane = add(tr("&Next pane"), {}, key("F6"), tr("Move the keyboard to the next panel"));
    resetLayout = add(tr("&Reset layout"), QStringLiteral("reset"), {},
                      tr("Put all panels of this perspective where they were at first"));
    themes = new QActionGroup(this);
    for (const auto& [choice, text] :
         {std::pair(ThemeChoice::System, tr("As the &system")),
          std::pair(ThemeChoice::Light, tr("&Light")), std::pair(ThemeChoice::Dark, tr("&Dark"))}) {
        QAction* theme = themes->addAction(text);
        theme->setCheckable(true);
        theme->setData(themeChoiceToText(choice));
        theme->setToolTip(tr("Colours of the window: %1").arg(withoutMnemonic(text).toLower()));
    }

    run = add(tr("&Run"), QStringLiteral("run"), key("F5"),
              tr("Run every method on every chosen tensor; what is recorded is not run again"));
    runIn = add(tr("Run into &folder..."), {}, key("Shift+F5"),
                tr("Run and keep the results in a folder of your choice"));
    cancel = add(tr("&Cancel"), QStringLiteral("cancel"), key("Esc"),
                 tr("Stop the run; finished trials are kept"));
    retryFailed = add(tr("R&etry failed trials"), QStringLiteral("retry"), {},
                      tr("Run those trials again that have no result"));

    shortcuts = add(tr("&Keyboard shortcuts"), QStringLiteral("keyboard"), key("F1"),
                    tr("Every key of the window"));
    plugins = add(tr("&Plugins"), QStringLiteral("plugin"), {},
                  tr("Which plugins were found, and why some are not in use"));
    about = add(tr("&About Quantscope"), QStringLiteral("info"), {},
                tr("Version, licence and libraries"));
    about->setMenuRole(QAction::AboutRole);
}

QAction* WindowActions::add(const QString& text, const QString& icon, const QKeySequence& key,
                            const QString& toolTip) {
    auto* action = new QAction(text, m_owner);
    if (!icon.isEmpty()) action->setIcon(themedIcon(icon));
    action->setShortcut(key);
    action->setToolTip(key.isEmpty() ? toolTip
                                     : QStringLiteral("%1 (%2)").arg(
                                           toolTip, key.toString(QKeySequence::NativeText)));
    action->setStatusTip(toolTip);
    m_owner->addAction(action);
    return action;
}

QMenu* WindowActions::addMenu(QMenuBar& bar, const QString& title, const QList<QAction*>& actions) {
    QMenu* menu = bar.addMenu(title);
    for (QAction* action : actions) {
        if (action == separator) {
            menu->addSeparator();
        } else {
            menu->addAction(action);
        }
    }
    m_menus.push_back(menu);
    return menu;
}

void WindowActions::fill(QMenuBar& bar, const QList<QAction*>& panels) {
    addMenu(
        bar, tr("&File"),
        {open, recentMenu->menuAction(), openRun, separator, save, saveAs, separator, exportFigure,
         exportResults, exportExperiment, separator, discardRecovered, separator, quit});
    addMenu(bar, tr("&Edit"),
            {undo, redo, separator, addMethod, useHessians, removeHessians, useCodebooks,
             removeCodebooks, tensorDetails, separator, copyCommand, useSettings, showInExplore,
             copyTable, separator, find});
    QMenu* view = addMenu(
        bar, tr("&View"),
        {explore, compare, allocate, separator, toggleTable, filterTensors, nextPane, separator});
    QMenu* panelMenu = view->addMenu(tr("&Panels"));
    panelMenu->addActions(panels);
    QMenu* themeMenu = view->addMenu(themedIcon(QStringLiteral("theme")), tr("&Theme"));
    themeMenu->addActions(themes->actions());
    view->addAction(resetLayout);
    addMenu(bar, tr("&Run"), {run, runIn, cancel, separator, retryFailed});
    addMenu(bar, tr("&Help"), {shortcuts, plugins, separator, about});
}

std::vector<ShortcutSheet::Group> WindowActions::groups() const {
    std::vector<ShortcutSheet::Group> groups;
    for (const QMenu* menu : m_menus) {
        ShortcutSheet::Group group{withoutMnemonic(menu->title()), {}};
        for (QAction* action : menu->actions()) {
            if (action->isSeparator()) continue;
            if (const QMenu* inner = action->menu()) {
                // Recent files are found by name, not as actions.
                if (inner != recentMenu) group.actions += inner->actions();
            } else {
                group.actions << action;
            }
        }
        groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace quantscope
