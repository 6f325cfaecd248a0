// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractListModel>
#include <QSettings>
#include <QStringList>

namespace quantscope {

/// Files and sessions that were opened, newest first, kept in the settings.
class RecentFiles : public QAbstractListModel {
    Q_OBJECT
public:
    static constexpr int maximum = 12;
    enum Role {
        PathRole = Qt::UserRole,
        FolderRole,
        ExistsRole,  ///< bool, looked up when asked.
    };

    /// `settings` outlives the model.
    explicit RecentFiles(QSettings* settings, QObject* parent = nullptr);

    const QStringList& paths() const { return m_paths; }

    int rowCount(const QModelIndex& parent = {}) const override;
    /// DisplayRole is the file's name.
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

public Q_SLOTS:
    void add(const QString& path);
    void remove(const QString& path);
    void clear();

private:
    void set(const QStringList& paths);

    QSettings* m_settings;
    QStringList m_paths;
};

}  // namespace quantscope
