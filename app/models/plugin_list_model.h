// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "plugins/sdk/plugin_loader.h"

namespace quantscope {

/// The plugin page: every library that was found, whether it is in use, and if not, why.
class PluginListModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Id, Version, State, Reason, Path, ColumnCount };
    enum Role {
        StateRole = Qt::UserRole,  ///< int of PluginState.
        HelpRole,
    };

    explicit PluginListModel(std::vector<PluginRecord> plugins, QObject* parent = nullptr);

    int failedCount() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;

private:
    std::vector<PluginRecord> m_plugins;
};

}  // namespace quantscope
