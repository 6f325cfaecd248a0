// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/workbench.h"

namespace quantscope {

Workbench::Workbench(PluginSet pluginSet, std::filesystem::path prober, QSettings* settings,
                     QObject* parent)
    : QObject(parent),
      registry(std::move(pluginSet.registry)),
      recentFiles(settings),
      pace(settings),
      plugins(std::move(pluginSet.plugins)),
      data(&document, &jobs, std::move(prober)),
      tensors(&document),
      methods(&document, &registry),
      resultTable(&results),
      jobList(&jobs),
      statistics(&tensors, &data, &jobs),
      plan(&document, &data, &registry, &results, &pace),
      run(&document, &data, &jobs, &results, &registry),
      preview(&registry),
      formPreview(&registry),
      plots({&results, &selection, &tensors, &data, &run, &jobs, &registry}),
      allocation(&results, &run),
      planSearch({&run, &allocation, &jobs, &registry, data.prober()}),
      perplexity({&results, &run, &allocation, &jobs, &registry, data.prober()}) {
    filteredTensors.setSourceModel(&tensors);
    filteredResults.setSourceModel(&resultTable);
    connect(&jobs, &JobQueue::jobFailed, &messages,
            [this](JobId /*job*/, const Message& message) { messages.add(message); });
    connect(&data, &DataLoader::opened, this, [this] {
        const auto entries = data.file()->tensors();
        tensors.setTensors({entries.begin(), entries.end()});
        recentFiles.add(QString::fromStdString(data.file()->path().string()));
    });
    connect(&data, &DataLoader::closed, this, [this] { tensors.setTensors({}); });
    connect(&run, &RunController::measured, &pace, &PaceBook::learn);
    connect(&results, &ResultSet::wasReset, this, [this] {
        QSet<QString> known;
        for (const RecordPointer& record : results.records()) {
            known.insert(QString::fromStdString(record->trialId));
        }
        selection.keepOnly(known);
    });
}

Workbench::~Workbench() {
    jobs.cancelAll();
}

}  // namespace quantscope
