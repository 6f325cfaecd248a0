// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/plugin_list_model.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

QString stateText(PluginState state) {
    switch (state) {
        case PluginState::Loaded:
            return PluginListModel::tr("In use");
        case PluginState::Incompatible:
            return PluginListModel::tr("Incompatible");
        case PluginState::Failed:
            break;
    }
    return PluginListModel::tr("Failed");
}

}  // namespace

PluginListModel::PluginListModel(std::vector<PluginRecord> plugins, QObject* parent)
    : QAbstractTableModel(parent), m_plugins(std::move(plugins)) {}

int PluginListModel::failedCount() const {
    return static_cast<int>(std::ranges::count_if(
        m_plugins, [](const auto& plugin) { return plugin.state != PluginState::Loaded; }));
}

int PluginListModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_plugins.size());
}

int PluginListModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PluginListModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const PluginRecord& plugin = m_plugins[static_cast<std::size_t>(index.row())];
    if (role == StateRole) return static_cast<int>(plugin.state);
    if (role == HelpRole) return plugin.help;
    if (role == Qt::ToolTipRole) return plugin.error.isEmpty() ? plugin.help : plugin.error;
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case Name:
            return plugin.name.isEmpty() ? plugin.path.section(QLatin1Char('/'), -1) : plugin.name;
        case Id:
            return plugin.id;
        case Version:
            return plugin.version;
        case State:
            return stateText(plugin.state);
        case Reason:
            return plugin.error;
        case Path:
            return plugin.path;
        default:
            return {};
    }
}

QVariant PluginListModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    static const std::array<QString, ColumnCount> titles = {
        tr("Name"), tr("Id"), tr("Version"), tr("State"), tr("Reason"), tr("File")};
    return section < 0 || section >= ColumnCount ? QVariant()
                                                 : titles[static_cast<std::size_t>(section)];
}

}  // namespace quantscope
