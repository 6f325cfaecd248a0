// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QLockFile>
#include <QObject>
#include <QTimer>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "app/models/session.h"

namespace quantscope {

/// Saves the session of a running program every few seconds after a change, and finds what a
/// crashed one left behind. Each program writes a file of its own, guarded by a lock; files without
/// a living owner are what can be recovered.
class Autosave : public QObject {
    Q_OBJECT
public:
    struct Leftover {
        std::filesystem::path file;
        QDateTime savedAt;
        std::filesystem::path sessionPath;  ///< Where the user had saved it; empty if never.
    };

    /// `snapshot` returns the present session and the path it was last saved to (or empty).
    using Snapshot = std::function<std::pair<Session, std::filesystem::path>()>;

    /// `folder` is made when it does not exist.
    Autosave(const std::filesystem::path& folder, Snapshot snapshot, QObject* parent = nullptr);
    /// Removes the file: the program ended in good order.
    ~Autosave() override;

    void setDelay(int milliseconds) { m_timer.setInterval(milliseconds); }

    /// Files of programs that died, newest first.
    std::vector<Leftover> leftovers() const;
    /// Reads one and removes it. Throws Error (and leaves the file) when it cannot be read.
    LoadedSession recover(const Leftover& leftover);
    void discard(const Leftover& leftover);

    /// Folder for the user's autosaves.
    static std::filesystem::path defaultFolder();

public Q_SLOTS:
    /// Something changed: saves a few seconds after the first unsaved change.
    void schedule();
    /// Saves at once.
    void saveNow();
    /// Everything is saved elsewhere now: removes the file until something changes again.
    void forget();

Q_SIGNALS:
    void saved();
    void failed(const quantscope::Message& message);

private:
    void claimFile();

    Snapshot m_snapshot;
    std::filesystem::path m_folder;
    std::filesystem::path m_file;
    std::unique_ptr<QLockFile> m_lock;
    QTimer m_timer;
};

}  // namespace quantscope
