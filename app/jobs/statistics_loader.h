// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>
#include <QTimer>

#include "app/jobs/job_queue.h"

namespace quantscope {

class DataLoader;
class TensorTreeModel;

/// Computes the statistics that the tensor tree asks for, in one job per batch of requests; those
/// asked for last (what is on the screen now) come first.
class StatisticsLoader : public QObject {
    Q_OBJECT
public:
    /// All outlive the loader.
    StatisticsLoader(TensorTreeModel* tree, DataLoader* data, JobQueue* jobs,
                     QObject* parent = nullptr);

private:
    void want(const QString& tensor);
    void forget();
    void startBatch();
    void ended(JobId job, JobState state);

    TensorTreeModel* m_tree;
    DataLoader* m_data;
    JobQueue* m_jobs;
    QStringList m_wanted;  ///< Newest first.
    QStringList m_batch;   ///< What the job under way works on.
    QTimer m_collect;
    JobId m_job = 0;
};

}  // namespace quantscope
