// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <filesystem>
#include <vector>

#include "app/models/message.h"
#include "core/run/experiment_spec.h"

namespace quantscope {

/// Everything that is needed to go on where one stopped.
struct Session {
    static constexpr int currentSchema = 1;

    ExperimentSpec spec;
    QString dataFingerprint;          ///< Of the data file when it was last open; may be empty.
    std::filesystem::path runFolder;  ///< Results on show; empty for none.
    QStringList selectedTrials;
    QString currentTrial;
    QString currentTensor;
    QString perspective;  ///< "explore", "compare", "allocate".
    Json window;          ///< The window's own state, kept as it is; null for none.

    bool operator==(const Session&) const = default;
};

/// A session as far as it could be read.
struct LoadedSession {
    Session session;
    /// What was left out, one message each: a damaged method, an unknown selection, a data file
    /// that moved. The rest of the session is good.
    std::vector<Message> problems;
    /// The data file is not where the session says; the window offers to locate it.
    bool dataFileMissing = false;
};

/// The JSON form; paths below or beside `folder` are written relative to it, so that the folder can
/// move.
Json sessionToJson(const Session& session, const std::filesystem::path& folder);

/// Throws Error when `json` is no session, or one of a schema newer than this program.
LoadedSession sessionFromJson(const Json& json, const std::filesystem::path& folder);

/// Writes `path` aside and renames it. Throws Error.
void saveSession(const std::filesystem::path& path, const Session& session);

/// As sessionFromJson; throws Error also when there is no such file or it is no JSON.
LoadedSession loadSession(const std::filesystem::path& path);

/// Ending of session files.
inline constexpr const char* sessionSuffix = ".quantscope.json";

}  // namespace quantscope
