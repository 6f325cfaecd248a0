// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModelTester>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <memory>
#include <vector>

#include "app/gui/main_window.h"
#include "app/jobs/workbench.h"

namespace quantscope {

/// Everything that is waited for comes much sooner; a loaded machine is given time.
constexpr int patienceMs = 60'000;

/// The real window over the real engine and plugins, with settings, runs and automatic saves in a
/// folder of its own. Every model is watched by a QAbstractItemModelTester while it lives.
class WindowFixture {
public:
    WindowFixture();
    ~WindowFixture();

    QString path(const QString& name) const { return folder.filePath(name); }

    /// Opens a bundled file and waits until it is listed and can be planned with.
    bool openSample(const QString& name);
    /// Lets go of files as dropped on the window from a file manager.
    void drop(const QString& file);
    /// Adds a method as a person would: Ctrl+M, then a click on its entry.
    bool addMethod(const QString& id);
    /// Types into the visible editor of a parameter and leaves it.
    bool typeParameter(const QString& id, const QString& text);
    /// Presses F5 when that is possible and waits for the run's end.
    bool runToTheEnd();
    /// Types a file name into the next file dialog and accepts it.
    void answerFileDialog(const QString& file) const;

    /// Types a budget in the perspective Allocate, which is on show, and waits for its plan.
    bool askBudget(double bits) const;
    /// Token ids for the bundled model, few enough to be quick with.
    QString tokenFile() const;

    /// The visible descendant with this object name; null when there is none.
    template <typename Widget>
    Widget* visible(const QString& name) const {
        for (Widget* widget : window->findChildren<Widget*>(name)) {
            if (widget->isVisible()) return widget;
        }
        return nullptr;
    }
    void press(const QString& keys) const;

    QTemporaryDir folder;
    QSettings settings;
    Theme theme;
    std::unique_ptr<Workbench> bench;
    std::unique_ptr<MainWindow> window;

private:
    std::vector<std::unique_ptr<QAbstractItemModelTester>> m_testers;
};

}  // namespace quantscope
