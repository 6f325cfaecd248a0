// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <filesystem>
#include <functional>
#include <optional>

#include "app/models/autosave.h"
#include "app/models/session.h"

class QWidget;

namespace quantscope {

class Workbench;

/// What is open and where it is saved: opens data files, experiments, sessions and result folders,
/// saves sessions, saves by itself, and brings back what a crash left.
class Workspace : public QObject {
    Q_OBJECT

public:
    /// The window's part of a session.
    struct WindowPart {
        std::function<void(Session&)> save;
        std::function<void(const Session&)> restore;
    };

    /// `bench` and `window`, which is the parent of dialogs, outlive the workspace. Automatic saves
    /// go to `autosaveFolder`.
    Workspace(Workbench& bench, WindowPart part, const std::filesystem::path& autosaveFolder,
              QWidget* window);

    /// The session file; empty until the session was saved or opened.
    const std::filesystem::path& sessionPath() const { return m_path; }
    /// For the window's title: the session's name, the experiment's title or the data file.
    QString title() const;
    /// Whether closing would lose something that is not saved.
    bool hasUnsavedWork() const;
    /// Asks what to do about unsaved work; false when the user would rather stay.
    bool mayReplace();
    const Autosave& autosave() const { return m_autosave; }

public Q_SLOTS:
    /// Whatever it is: a data file, an experiment, a session, a result folder.
    void open(const QString& path);
    void chooseAndOpen();
    void chooseAndOpenRun();
    bool save();
    bool saveAs();
    /// Writes the experiment alone, as the command line tool runs it.
    void exportExperiment();
    void chooseHessians();
    void removeHessians();
    void chooseCodebooks();
    void removeCodebooks();
    /// Offers what a crashed program left behind.
    void offerRecovery();
    void recoverNewest();
    void discardLeftovers();

Q_SIGNALS:
    void titleChanged();
    /// What a crashed program left behind was found, recovered or thrown away.
    void leftoversChanged();
    /// Something was opened; the start page goes.
    void opened();

private:
    void openData(const std::filesystem::path& path);
    void openExperiment(const std::filesystem::path& path);
    void openSession(const std::filesystem::path& path);
    void openRun(const std::filesystem::path& folder);
    /// `saved`: the session is as it lies on disk.
    void adopt(LoadedSession loaded, bool saved);
    void chooseFirstTensor();
    /// The button of the message that the data file was not opened.
    void offerHelp();
    void locateData();
    void restoreSelection();
    Session snapshot() const;
    bool saveTo(const std::filesystem::path& path);
    void setPath(const std::filesystem::path& path);
    void report(const QString& what, const Error& error);

    Workbench& m_bench;
    WindowPart m_part;
    QWidget* m_window;
    std::filesystem::path m_path;
    Autosave m_autosave;
    Session m_pendingSelection;
    std::optional<Session> m_before;     ///< What was open before the last data file.
    std::filesystem::path m_openingRun;  ///< The result folder that is being opened.
    bool m_chooseTensor = false;
};

}  // namespace quantscope
