// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/autosave.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>
#include <QUuid>
#include <algorithm>

#include "core/base/text_file.h"

namespace quantscope {

namespace {

constexpr int saveDelayMs = 3000;

QString toText(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

QString lockName(const std::filesystem::path& file) {
    return toText(file) + QStringLiteral(".lock");
}

// A lock says whether its owner lives, however old it is.
std::unique_ptr<QLockFile> makeLock(const std::filesystem::path& file) {
    auto lock = std::make_unique<QLockFile>(lockName(file));
    lock->setStaleLockTime(0);
    return lock;
}

}  // namespace

Autosave::Autosave(const std::filesystem::path& folder, Snapshot snapshot, QObject* parent)
    : QObject(parent), m_snapshot(std::move(snapshot)), m_folder(folder) {
    const QString name = QUuid::createUuid().toString(QUuid::WithoutBraces);
    m_file = m_folder / (name.toStdString() + ".json");
    m_timer.setSingleShot(true);
    m_timer.setInterval(saveDelayMs);
    connect(&m_timer, &QTimer::timeout, this, &Autosave::saveNow);
}

Autosave::~Autosave() {
    forget();
}

std::filesystem::path Autosave::defaultFolder() {
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation);
    return std::filesystem::path(folder.toStdString()) / "autosave";
}

// A lock that cannot be taken, or a folder that cannot be made, shows when the file is written.
void Autosave::claimFile() {
    std::error_code ignored;
    std::filesystem::create_directories(m_folder, ignored);
    if (m_lock) return;
    m_lock = makeLock(m_file);
    m_lock->tryLock(0);
}

void Autosave::schedule() {
    if (!m_timer.isActive()) m_timer.start();
}

void Autosave::saveNow() {
    m_timer.stop();
    try {
        const auto [session, savedAs] = m_snapshot();
        claimFile();
        Json json = sessionToJson(session, m_folder);
        json["saved_as"] = savedAs.string();
        writeTextFile(m_file, json.dump(2) + "\n");
        Q_EMIT saved();
    } catch (const Error& error) {
        Q_EMIT failed(errorMessage(tr("The session was not saved automatically."), error));
    }
}

void Autosave::forget() {
    m_timer.stop();
    QFile::remove(toText(m_file));
    m_lock.reset();
}

std::vector<Autosave::Leftover> Autosave::leftovers() const {
    std::vector<Leftover> found;
    const QDir folder(toText(m_folder));
    for (const QFileInfo& info :
         folder.entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Time)) {
        const std::filesystem::path file = m_folder / info.fileName().toStdString();
        if (file == m_file || !makeLock(file)->tryLock(0)) continue;
        Leftover leftover{file, info.lastModified(), {}};
        try {
            const Json json = readJsonFile(file);
            leftover.sessionPath = json.value("saved_as", std::string());
        } catch (const std::exception&) {
            // Offered all the same: recover() says what is wrong with it.
            leftover.sessionPath.clear();
        }
        found.push_back(std::move(leftover));
    }
    return found;
}

LoadedSession Autosave::recover(const Leftover& leftover) {
    LoadedSession loaded = loadSession(leftover.file);
    discard(leftover);
    return loaded;
}

void Autosave::discard(const Leftover& leftover) {
    QFile::remove(toText(leftover.file));
}

}  // namespace quantscope
