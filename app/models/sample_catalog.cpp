// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/sample_catalog.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QTextStream>

#include "core/base/error.h"
#include "core/run/experiment_spec.h"

namespace quantscope {

namespace {

std::filesystem::path toPath(const QString& path) {
    return path.toStdString();
}

// Text before the first empty line, on one line; heading marks of Markdown are dropped.
QString firstParagraph(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly | QIODevice::Text)) return {};
    QTextStream stream(&file);
    QStringList lines;
    while (!stream.atEnd()) {
        const QString line = stream.readLine().trimmed();
        if (line.startsWith(QLatin1Char('#'))) continue;
        if (line.isEmpty() && !lines.isEmpty()) break;
        if (!line.isEmpty()) lines << line;
    }
    return lines.join(QLatin1Char(' '));
}

QString descriptionBeside(const QFileInfo& file) {
    for (const QString& name : {file.completeBaseName() + QStringLiteral(".md"),
                                file.completeBaseName() + QStringLiteral(".txt")}) {
        const QString text = firstParagraph(file.dir().filePath(name));
        if (!text.isEmpty()) return text;
    }
    return {};
}

QFileInfoList filesIn(const QString& folder, const QStringList& patterns) {
    return QDir(folder).entryInfoList(patterns, QDir::Files | QDir::Readable, QDir::Name);
}

}  // namespace

std::filesystem::path bundledDatasetsFolder() {
    const QDir programs(QCoreApplication::applicationDirPath());
    return toPath(
        QDir::cleanPath(programs.filePath(QStringLiteral("../share/quantscope/datasets"))));
}

std::vector<Sample> findSamples(const std::filesystem::path& folder) {
    std::vector<Sample> samples;
    const QString root = QString::fromStdString(folder.string());
    for (const QFileInfo& file :
         filesIn(root, {QStringLiteral("*.h5"), QStringLiteral("*.hdf5")})) {
        samples.push_back({Sample::Kind::Data, file.completeBaseName(), descriptionBeside(file),
                           toPath(file.absoluteFilePath())});
    }
    for (const QFileInfo& file :
         filesIn(root + QStringLiteral("/experiments"), {QStringLiteral("*.json")})) {
        const std::filesystem::path path = toPath(file.absoluteFilePath());
        try {
            const ExperimentSpec spec = ExperimentSpec::load(path);
            const QString title = QString::fromStdString(spec.title);
            samples.push_back({Sample::Kind::Experiment,
                               title.isEmpty() ? file.completeBaseName() : title,
                               descriptionBeside(file), path});
        } catch (const Error&) {
            // Not an experiment of this version; the catalog offers what works.
            continue;
        }
    }
    return samples;
}

}  // namespace quantscope
