// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/sample_catalog.h"

#include <QCoreApplication>
#include <QDir>
#include <optional>

#include "core/base/error.h"
#include "core/base/text_file.h"
#include "core/run/experiment_spec.h"

namespace quantscope {

namespace {

QString textOf(const Json& entry, const char* key) {
    return QString::fromStdString(entry.value(key, std::string()));
}

std::optional<Sample> sampleFrom(const Json& entry, const std::filesystem::path& folder) {
    Sample sample;
    sample.path = folder / entry.at("file").get<std::string>();
    if (!std::filesystem::is_regular_file(sample.path)) return std::nullopt;
    sample.title = textOf(entry, "title");
    sample.description = textOf(entry, "description");
    if (sample.path.extension() == ".json") {
        sample.kind = Sample::Kind::Experiment;
        const ExperimentSpec spec = ExperimentSpec::load(sample.path);
        if (sample.title.isEmpty()) sample.title = QString::fromStdString(spec.title);
    }
    if (sample.title.isEmpty()) sample.title = QString::fromStdString(sample.path.stem().string());
    return sample;
}

}  // namespace

std::filesystem::path bundledDatasetsFolder() {
    const QDir programs(QCoreApplication::applicationDirPath());
    return QDir::cleanPath(programs.filePath(QStringLiteral("../share/quantscope/datasets")))
        .toStdString();
}

std::vector<Sample> findSamples(const std::filesystem::path& folder) {
    std::vector<Sample> samples;
    Json catalog;
    try {
        catalog = readJsonFile(folder / "samples.json");
    } catch (const Error&) {
        return samples;  // Installed without its data.
    }
    for (const Json& entry : catalog.value("samples", Json::array())) {
        try {
            if (std::optional<Sample> sample = sampleFrom(entry, folder)) {
                samples.push_back(*std::move(sample));
            }
        } catch (const std::exception&) {
            // An experiment of another version, or no such entry; the catalog offers what works.
            continue;
        }
    }
    return samples;
}

}  // namespace quantscope
