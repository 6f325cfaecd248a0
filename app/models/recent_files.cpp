// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/recent_files.h"

#include <QFileInfo>

namespace quantscope {

namespace {

const QString settingsKey = QStringLiteral("recentFiles");

}  // namespace

RecentFiles::RecentFiles(QSettings* settings, QObject* parent)
    : QAbstractListModel(parent),
      m_settings(settings),
      m_paths(settings->value(settingsKey).toStringList().mid(0, maximum)) {}

int RecentFiles::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_paths.size());
}

QVariant RecentFiles::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const QString& path = m_paths.at(index.row());
    switch (role) {
        case Qt::DisplayRole:
            return QFileInfo(path).fileName();
        case Qt::ToolTipRole:
        case PathRole:
            return path;
        case FolderRole:
            return QFileInfo(path).path();
        case ExistsRole:
            return QFileInfo::exists(path);
        default:
            return {};
    }
}

void RecentFiles::add(const QString& path) {
    const QString absolute = QFileInfo(path).absoluteFilePath();
    QStringList paths = m_paths;
    paths.removeAll(absolute);
    paths.prepend(absolute);
    set(paths.mid(0, maximum));
}

void RecentFiles::remove(const QString& path) {
    QStringList paths = m_paths;
    if (paths.removeAll(QFileInfo(path).absoluteFilePath()) > 0) set(paths);
}

void RecentFiles::clear() {
    set({});
}

void RecentFiles::set(const QStringList& paths) {
    beginResetModel();
    m_paths = paths;
    m_settings->setValue(settingsKey, m_paths);
    endResetModel();
}

}  // namespace quantscope
