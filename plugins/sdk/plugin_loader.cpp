// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/sdk/plugin_loader.h"

#include <QCoreApplication>
#include <QDir>
#include <QJsonObject>
#include <QLibrary>
#include <QPluginLoader>
#include <QRegularExpression>

#include "core/base/error.h"
#include "plugins/sdk/build_tag.h"
#include "plugins/sdk/method_plugin.h"

namespace quantscope {

namespace {

// Fills the record from the metadata, which Qt reads from the file without executing it; returns
// whether the library may be loaded.
bool judgeMetadata(const QJsonObject& metadata, PluginRecord& record) {
    record.state = PluginState::Incompatible;
    const QJsonObject own = metadata.value(QStringLiteral("MetaData")).toObject();
    record.id = own.value(QStringLiteral("id")).toString();
    record.name = own.value(QStringLiteral("name")).toString();
    record.version = own.value(QStringLiteral("version")).toString();
    record.help = own.value(QStringLiteral("help")).toString();
    const QString iid = metadata.value(QStringLiteral("IID")).toString();
    if (iid != QStringLiteral(QUANTSCOPE_METHOD_PLUGIN_IID)) {
        record.error =
            iid.isEmpty() ? QStringLiteral("It is not a Quantscope plugin.")
                          : QStringLiteral(
                                "It was built for the plugin interface %1; this program offers %2. "
                                "Build it again with this version's development files.")
                                .arg(iid, QStringLiteral(QUANTSCOPE_METHOD_PLUGIN_IID));
        return false;
    }
    static const QRegularExpression validId(QStringLiteral("\\A[a-z][a-z0-9_-]*\\z"));
    if (!validId.match(record.id).hasMatch()) {
        record.state = PluginState::Failed;
        record.error = QStringLiteral(
                           "Its metadata are not valid: the id '%1' is not made of lower-case "
                           "letters, digits, _ and -. Correct the id in its JSON file and in its "
                           "method.")
                           .arg(record.id);
        return false;
    }
    const int apiVersion = own.value(QStringLiteral("apiVersion")).toInt();
    if (apiVersion != pluginApiVersion) {
        record.error = QStringLiteral(
                           "It was built for plugin API version %1; this program has "
                           "version %2. Build it again with this version's development "
                           "files.")
                           .arg(apiVersion)
                           .arg(pluginApiVersion);
        return false;
    }
    const QString buildTag = own.value(QStringLiteral("buildTag")).toString();
    if (buildTag != QLatin1String(pluginBuildTag)) {
        record.error = QStringLiteral(
                           "It was built as '%1', which does not fit this program's '%2' "
                           "in memory. Build it again with the same compiler and build "
                           "settings.")
                           .arg(buildTag, QLatin1String(pluginBuildTag));
        return false;
    }
    return true;
}

// The method of a library that may be loaded. Throws Error.
std::shared_ptr<const Method> methodOf(QPluginLoader& loader, const QString& id) {
    // With all symbols resolved at once, one that is missing is an error now instead of the end of
    // the program at the first call.
    loader.setLoadHints(QLibrary::ResolveAllSymbolsHint | QLibrary::PreventUnloadHint);
    const auto* plugin = qobject_cast<MethodPlugin*>(loader.instance());
    if (!plugin) {
        throw Error("It could not be loaded: " + loader.errorString().toStdString() + ".");
    }
    std::shared_ptr<const Method> method = plugin->method();
    if (!method) throw Error("It offers no method.");
    if (method->id() != id.toStdString()) {
        throw Error("Its metadata has the id '" + id.toStdString() + "', but its method is '" +
                        method->id() + "'.",
                    "Give both the same id.");
    }
    return method;
}

PluginRecord load(const QString& path, MethodRegistry& registry) {
    PluginRecord record;
    record.path = path;
    QPluginLoader loader(path);
    if (!judgeMetadata(loader.metaData(), record)) return record;
    record.state = PluginState::Failed;
    try {
        registry.add(methodOf(loader, record.id));
        record.state = PluginState::Loaded;
    } catch (const Error& error) {
        record.error = QString::fromStdString(error.fullText());
    } catch (const std::exception& error) {
        record.error = QStringLiteral("Its method could not be created: %1.")
                           .arg(QString::fromUtf8(error.what()));
    }
    return record;
}

// " Not loaded: a.so (why), b.so (why)."; nothing when all were.
std::string notLoaded(const std::vector<PluginRecord>& plugins) {
    QStringList list;
    for (const PluginRecord& plugin : plugins) {
        if (plugin.state == PluginState::Loaded) continue;
        list << plugin.path + QStringLiteral(" (") + plugin.error + QLatin1Char(')');
    }
    if (list.empty()) return {};
    return " Not loaded: " + list.join(QStringLiteral(", ")).toStdString() + ".";
}

PluginRecord missingFolder(const QString& folder) {
    PluginRecord record;
    record.path = folder;
    record.error = QStringLiteral("There is no such folder. Check %1, or create the folder.")
                       .arg(QLatin1String(pluginPathVariable));
    return record;
}

}  // namespace

void PluginSet::requireMethod(const std::string& id) const {
    if (registry.contains(id)) return;
    for (const PluginRecord& plugin : plugins) {
        if (plugin.state == PluginState::Loaded || plugin.id.toStdString() != id) continue;
        throw Error("The plugin " + plugin.path.toStdString() + " with the method '" + id +
                        "' was not loaded.",
                    plugin.error.toStdString());
    }
    try {
        registry.method(id);
    } catch (const Error& error) {
        throw Error(error.what(), error.remedy() + notLoaded(plugins));
    }
}

QStringList pluginFolders() {
    QStringList folders =
        qEnvironmentVariable(pluginPathVariable).split(QLatin1Char(':'), Qt::SkipEmptyParts);
    folders << QDir::cleanPath(QCoreApplication::applicationDirPath() +
                               QStringLiteral("/../lib/quantscope/plugins"));
    return folders;
}

PluginSet loadPlugins(const QStringList& folders) {
    PluginSet set;
    for (const QString& folder : folders) {
        const QDir dir(folder);
        if (!dir.exists()) {
            set.plugins.push_back(missingFolder(folder));
            continue;
        }
        const QStringList files = dir.entryList(QDir::Files | QDir::Readable, QDir::Name);
        for (const QString& file : files) {
            if (!QLibrary::isLibrary(file)) continue;
            set.plugins.push_back(load(dir.absoluteFilePath(file), set.registry));
        }
    }
    return set;
}

}  // namespace quantscope
