// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "core/quant/method.h"

namespace quantscope {

/// How far a plugin library came.
enum class PluginState {
    Loaded,        ///< Its method is in the registry.
    Incompatible,  ///< Not executed: another API version or build.
    Failed,        ///< The library could not be loaded, or its method could not be added.
};

/// What is known of one library in a plugin folder, or of a folder that is not there; shown in the
/// plugin page of the window.
struct PluginRecord {
    QString path;
    QString id;
    QString name;
    QString version;
    QString help;
    PluginState state = PluginState::Failed;
    QString error;  ///< What is wrong and what to do; empty when loaded.
};

/// The outcome of loading all plugins.
struct PluginSet {
    MethodRegistry registry;
    std::vector<PluginRecord> plugins;  ///< In the order of the folders, by file name inside each.

    /// Throws Error when there is no such method, with what became of its plugin where that is
    /// known.
    void requireMethod(const std::string& id) const;
};

/// The variable that names further folders of plugins.
inline constexpr const char* pluginPathVariable = "QUANTSCOPE_PLUGIN_PATH";

/// The folders that are searched: those in QUANTSCOPE_PLUGIN_PATH (colon separated), then
/// lib/quantscope/plugins beside the program's bin folder.
QStringList pluginFolders();

/// Loads every plugin of `folders`; a plugin that cannot be loaded is recorded, never fatal.
PluginSet loadPlugins(const QStringList& folders);

}  // namespace quantscope
