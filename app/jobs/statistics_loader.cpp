// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/statistics_loader.h"

#include "app/jobs/data_loader.h"
#include "app/models/tensor_tree_model.h"
#include "core/base/error.h"
#include "core/io/tensor_statistics.h"

namespace quantscope {

StatisticsLoader::StatisticsLoader(TensorTreeModel* tree, DataLoader* data, JobQueue* jobs,
                                   QObject* parent)
    : QObject(parent), m_tree(tree), m_data(data), m_jobs(jobs) {
    m_collect.setSingleShot(true);
    m_collect.setInterval(0);
    connect(&m_collect, &QTimer::timeout, this, &StatisticsLoader::startBatch);
    connect(tree, &TensorTreeModel::statisticsNeeded, this, &StatisticsLoader::want);
    connect(tree, &QAbstractItemModel::modelReset, this, &StatisticsLoader::forget);
    connect(jobs, &JobQueue::jobEnded, this, &StatisticsLoader::ended);
}

void StatisticsLoader::want(const QString& tensor) {
    m_wanted.prepend(tensor);
    if (m_job == 0) m_collect.start();
}

void StatisticsLoader::forget() {
    m_wanted.clear();
    m_batch.clear();
    m_jobs->cancel(std::exchange(m_job, 0));
}

void StatisticsLoader::startBatch() {
    const std::shared_ptr<const TensorFile> file = m_data->file();
    if (!file || m_wanted.isEmpty() || m_job != 0) return;
    m_batch = std::exchange(m_wanted, {});
    JobOptions options;
    options.title = m_batch.size() == 1 ? tr("Statistics of %1").arg(m_batch.front())
                                        : tr("Statistics of %1 tensors").arg(m_batch.size());
    options.failureHeadline = tr("The statistics were not computed.");
    // The job may be started again from the list of jobs when another file is open.
    const auto deliver = [this, file](JobContext& context, const QString& name,
                                      const std::function<void()>& show) {
        context.deliver([this, file, name, show] {
            if (m_data->file() != file) return;
            show();
            m_batch.removeAll(name);
        });
    };
    m_job =
        m_jobs->start(options, this, [this, file, deliver, names = m_batch](JobContext& context) {
            context.setPartCount(static_cast<int>(names.size()));
            for (const QString& name : names) {
                const std::string id = name.toStdString();
                try {
                    const TensorInfo* info = file->find(id);
                    if (info == nullptr) throw Error("There is no tensor '" + id + "'.");
                    auto statistics = std::make_shared<TensorStatistics>(tensorStatistics(
                        *file, *info, context.stop(),
                        [&](double done) { context.partProgress(id, name, done, {}); }));
                    deliver(context, name,
                            [this, name, known = StatisticsPointer(std::move(statistics))] {
                                m_tree->setStatistics(name, known);
                            });
                    context.partFinished(id, false);
                } catch (const Error& error) {
                    const QString reason = QString::fromStdString(error.fullText());
                    deliver(context, name,
                            [this, name, reason] { m_tree->setStatisticsError(name, reason); });
                    context.partFinished(id, true);
                }
            }
        });
}

void StatisticsLoader::ended(JobId job, JobState state) {
    if (job != m_job) return;
    m_job = 0;
    if (state == JobState::Cancelled) {
        for (const QString& name : std::exchange(m_batch, {})) {
            m_tree->setStatisticsError(name, tr("Its statistics were cancelled."));
        }
    }
    if (!m_wanted.isEmpty()) m_collect.start();
}

}  // namespace quantscope
