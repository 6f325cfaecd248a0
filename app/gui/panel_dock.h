// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDockWidget>

class QLabel;

namespace quantscope {

/// A dock with a flat title bar: the caption, tools of the panel at the right, and a close button.
/// The caption goes while the dock is a tab, because the tab says the same.
class PanelDock : public QDockWidget {
    Q_OBJECT

public:
    /// `name` identifies the dock in saved layouts.
    PanelDock(const QString& title, const QString& name, QWidget* panel, QWidget* parent);

    /// Adds a button for `action` to the title bar.
    void addTitleAction(QAction* action);

private:
    void followTabs();

    QWidget* m_bar;
    QWidget* m_noBar;
    QLabel* m_caption;
};

}  // namespace quantscope
