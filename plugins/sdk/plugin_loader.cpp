// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/sdk/plugin_loader.h"

#include <QCoreApplication>
#include <QDir>
#include <QJsonObject>
#include <QLibrary>
#include <QPluginLoader>

#include "core/base/error.h"
#include "plugins/sdk/build_tag.h"
#include "plugins/sdk/method_plugin.h"

namespace quantscope {

namespace {

// Fills the record from the metadata, which Qt reads from the file without executing it; returns
// whether the library may be loaded.
bool judgeMetadata(const QJsonObject& metadata, PluginRecord& record) {
    record.state = PluginState::Incompatible;
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
    const QJsonObject own = metadata.value(QStringLiteral("MetaData")).toObject();
    record.id = own.value(QStringLiteral("id")).toString();
    record.name = own.value(QStringLiteral("name")).toString();
    record.version = own.value(QStringLiteral("version")).toString();
    record.help = own.value(QStringLiteral("help")).toString();
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

void load(const QString& path, PluginSet& set) {
    PluginRecord record;
    record.path = path;
    QPluginLoader loader(path);
    if (judgeMetadata(loader.metaData(), record)) {
        record.state = PluginState::Failed;
        auto* plugin = qobject_cast<MethodPlugin*>(loader.instance());
        if (!plugin) {
            record.error = QStringLiteral("It could not be loaded: %1.").arg(loader.errorString());
        } else {
            try {
                set.registry.add(plugin->method());
                record.state = PluginState::Loaded;
            } catch (const Error& error) {
                record.error = QString::fromStdString(error.fullText());
            } catch (const std::exception& error) {
                record.error = QStringLiteral("Its method could not be created: %1.")
                                   .arg(QString::fromUtf8(error.what()));
            }
        }
    }
    set.plugins.push_back(std::move(record));
}

}  // namespace

QStringList pluginFolders() {
    QStringList folders =
        qEnvironmentVariable("QUANTSCOPE_PLUGIN_PATH").split(QLatin1Char(':'), Qt::SkipEmptyParts);
    folders << QDir::cleanPath(QCoreApplication::applicationDirPath() +
                               QStringLiteral("/../lib/quantscope/plugins"));
    return folders;
}

PluginSet loadPlugins(const QStringList& folders) {
    PluginSet set;
    for (const QString& folder : folders) {
        const QDir dir(folder);
        const QStringList files = dir.entryList(QDir::Files | QDir::Readable, QDir::Name);
        for (const QString& file : files) {
            if (QLibrary::isLibrary(file)) load(dir.absoluteFilePath(file), set);
        }
    }
    return set;
}

}  // namespace quantscope
