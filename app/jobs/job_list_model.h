// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModel>

#include "app/jobs/job_queue.h"

namespace quantscope {

/// The jobs panel: jobs, newest first, with the parts that run now as their children.
class JobListModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Column { Title, Progress, TimeLeft, State, ColumnCount };
    enum Role {
        JobIdRole = Qt::UserRole,  ///< quint64; of the job also for its parts.
        FractionRole,              ///< double, 0..1.
        StateRole,                 ///< int of JobState.
        PhaseRole,
        MessageRole,      ///< Why it failed, one line.
        CancellableRole,  ///< bool; false for parts.
        RetryableRole,    ///< bool; false for parts.
    };

    /// `queue` outlives the model.
    explicit JobListModel(JobQueue* queue, QObject* parent = nullptr);

    const JobInfo& job(int row) const { return m_jobs[static_cast<size_t>(row)]; }

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;

private:
    int rowOf(JobId id) const;
    void insert(JobId id);
    void update(JobId id);
    void erase(JobId id);
    QVariant jobData(const JobInfo& job, int column, int role) const;
    QVariant partData(const JobInfo& job, const JobPart& part, int column, int role) const;

    JobQueue* m_queue;
    std::vector<JobInfo> m_jobs;
};

/// "0:12", "1:02:33": hours only when there are any.
QString formatDuration(double seconds);

}  // namespace quantscope
