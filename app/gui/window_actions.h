// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QActionGroup>
#include <QMenuBar>
#include <vector>

#include "app/gui/shortcut_sheet.h"

class QUndoStack;

namespace quantscope {

/// Every action of the window with its text, icon, key and explanation, and the menus that hold
/// them. What they do is for the window to connect.
class WindowActions : public QObject {
    Q_OBJECT

public:
    /// `owner` is the window, in which the keys work.
    WindowActions(QUndoStack& undo, QWidget* owner);

    /// Puts the menus into the bar. `panels` are the toggles of the docks.
    void fill(QMenuBar& bar, const QList<QAction*>& panels);
    /// The actions by menu, for the palette and the list of keys.
    std::vector<ShortcutSheet::Group> groups() const;

    QAction* open;
    QAction* openRun;
    QMenu* recentMenu;
    QAction* save;
    QAction* saveAs;
    QAction* exportFigure;
    QAction* exportResults;
    QAction* exportExperiment;
    QAction* discardRecovered;
    QAction* quit;
    QAction* undo;
    QAction* redo;
    QAction* addMethod;
    QAction* useHessians;
    QAction* removeHessians;
    QAction* useCodebooks;
    QAction* removeCodebooks;
    QAction* tensorDetails;
    QAction* copyCommand;
    QAction* useSettings;
    QAction* showInExplore;
    QAction* copyTable;
    QAction* find;
    QAction* explore;
    QAction* compare;
    QAction* allocate;
    QAction* toggleTable;
    QAction* filterTensors;
    QAction* nextPane;
    QAction* resetLayout;
    QActionGroup* themes;
    QAction* run;
    QAction* runIn;
    QAction* cancel;
    QAction* retryFailed;
    QAction* shortcuts;
    QAction* plugins;
    QAction* about;

private:
    QAction* add(const QString& text, const QString& icon, const QKeySequence& key,
                 const QString& toolTip);
    QMenu* addMenu(QMenuBar& bar, const QString& title, const QList<QAction*>& actions);

    QWidget* m_owner;
    std::vector<QMenu*> m_menus;
};

}  // namespace quantscope
