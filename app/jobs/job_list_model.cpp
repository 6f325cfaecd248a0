// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/job_list_model.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quantscope {

namespace {

QString stateText(JobState state) {
    switch (state) {
        case JobState::Waiting:
            return JobListModel::tr("Waiting");
        case JobState::Running:
            return JobListModel::tr("Running");
        case JobState::Finished:
            return JobListModel::tr("Finished");
        case JobState::Failed:
            return JobListModel::tr("Failed");
        case JobState::Cancelled:
            break;
    }
    return JobListModel::tr("Cancelled");
}

QString percent(double fraction) {
    return QStringLiteral("%1 %").arg(std::floor(100.0 * fraction));
}

QString progressText(const JobProgress& progress) {
    if (progress.partsTotal == 0) return percent(progress.fraction);
    const QString done =
        JobListModel::tr("%1 of %2").arg(progress.partsDone).arg(progress.partsTotal);
    return progress.partsFailed == 0
               ? done
               : JobListModel::tr("%1, %2 failed").arg(done).arg(progress.partsFailed);
}

}  // namespace

QString formatDuration(double seconds) {
    const auto whole = static_cast<qlonglong>(std::ceil(seconds));
    const auto twoDigits = [](qlonglong value) {
        return QStringLiteral("%1").arg(value, 2, 10, QLatin1Char('0'));
    };
    const qlonglong minutes = whole / 60;
    if (minutes < 60) return QStringLiteral("%1:%2").arg(minutes).arg(twoDigits(whole % 60));
    return QStringLiteral("%1:%2:%3")
        .arg(minutes / 60)
        .arg(twoDigits(minutes % 60), twoDigits(whole % 60));
}

JobListModel::JobListModel(JobQueue* queue, QObject* parent)
    : QAbstractItemModel(parent), m_queue(queue) {
    connect(queue, &JobQueue::jobAdded, this, &JobListModel::insert);
    connect(queue, &JobQueue::jobChanged, this, &JobListModel::update);
    connect(queue, &JobQueue::jobRemoved, this, &JobListModel::erase);
    for (const JobInfo& job : queue->jobs())
        m_jobs.insert(m_jobs.begin(), job);
}

int JobListModel::rowOf(JobId id) const {
    const auto found = std::ranges::find(m_jobs, id, &JobInfo::id);
    return found == m_jobs.end() ? -1 : static_cast<int>(found - m_jobs.begin());
}

void JobListModel::insert(JobId id) {
    const std::optional<JobInfo> job = m_queue->job(id);
    if (!job || rowOf(id) >= 0) return;
    JobInfo shown = *job;
    shown.progress.running.clear();
    beginInsertRows({}, 0, 0);
    m_jobs.insert(m_jobs.begin(), std::move(shown));
    endInsertRows();
    update(id);
}

// Parts keep their order, so those that ended are removed one by one and new ones come last.
void JobListModel::update(JobId id) {
    const int row = rowOf(id);
    std::optional<JobInfo> now = m_queue->job(id);
    if (row < 0 || !now) return;
    JobInfo& shown = m_jobs[static_cast<std::size_t>(row)];
    const QModelIndex parent = index(row, 0);
    std::vector<JobPart>& parts = shown.progress.running;
    std::vector<JobPart> fresh = std::move(now->progress.running);
    for (int i = static_cast<int>(parts.size()) - 1; i >= 0; --i) {
        const JobPart& part = parts[static_cast<std::size_t>(i)];
        if (std::ranges::find(fresh, part.id, &JobPart::id) != fresh.end()) continue;
        beginRemoveRows(parent, i, i);
        parts.erase(parts.begin() + i);
        endRemoveRows();
    }
    const auto kept = static_cast<int>(parts.size());
    if (static_cast<int>(fresh.size()) > kept) {
        beginInsertRows(parent, kept, static_cast<int>(fresh.size()) - 1);
        parts = std::move(fresh);
        endInsertRows();
    } else {
        parts = std::move(fresh);
    }
    now->progress.running = std::move(parts);
    shown = std::move(*now);
    Q_EMIT dataChanged(parent, index(row, ColumnCount - 1));
    if (kept > 0) {
        Q_EMIT dataChanged(index(0, 0, parent), index(kept - 1, ColumnCount - 1, parent));
    }
}

void JobListModel::erase(JobId id) {
    const int row = rowOf(id);
    if (row < 0) return;
    beginRemoveRows({}, row, row);
    m_jobs.erase(m_jobs.begin() + row);
    endRemoveRows();
}

// The internal id of a part is its job's id; that of a job is 0.
QModelIndex JobListModel::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent)) return {};
    const JobId id = parent.isValid() ? job(parent.row()).id : 0;
    return createIndex(row, column, static_cast<quintptr>(id));
}

QModelIndex JobListModel::parent(const QModelIndex& child) const {
    if (!child.isValid() || child.internalId() == 0) return {};
    const int row = rowOf(child.internalId());
    return row < 0 ? QModelIndex() : createIndex(row, 0, quintptr{0});
}

int JobListModel::rowCount(const QModelIndex& parent) const {
    if (!parent.isValid()) return static_cast<int>(m_jobs.size());
    if (parent.internalId() != 0 || parent.column() > 0) return 0;
    return static_cast<int>(job(parent.row()).progress.running.size());
}

int JobListModel::columnCount(const QModelIndex& /*parent*/) const {
    return ColumnCount;
}

QVariant JobListModel::jobData(const JobInfo& job, int column, int role) const {
    switch (role) {
        case Qt::DisplayRole:
            if (column == Title) return job.title;
            if (column == Progress) return progressText(job.progress);
            if (column == TimeLeft) {
                return job.secondsLeft ? formatDuration(*job.secondsLeft) : QString();
            }
            return stateText(job.state);
        case Qt::ToolTipRole:
            return job.state == JobState::Failed ? job.message.text() : job.progress.phase;
        case JobIdRole:
            return job.id;
        case FractionRole:
            return job.progress.fraction;
        case StateRole:
            return static_cast<int>(job.state);
        case PhaseRole:
            return job.progress.phase;
        case MessageRole:
            return job.message.text();
        case CancellableRole:
            return job.state == JobState::Waiting || job.state == JobState::Running;
        case RetryableRole:
            return job.state == JobState::Failed || job.state == JobState::Cancelled;
        default:
            return {};
    }
}

QVariant JobListModel::partData(const JobInfo& job, const JobPart& part, int column,
                                int role) const {
    switch (role) {
        case Qt::DisplayRole:
            if (column == Title) return part.label;
            if (column == Progress) return percent(part.fraction);
            return column == State ? part.phase : QString();
        case JobIdRole:
            return job.id;
        case FractionRole:
            return part.fraction;
        case StateRole:
            return static_cast<int>(JobState::Running);
        case Qt::ToolTipRole:
        case PhaseRole:
            return part.phase;
        case MessageRole:
            return QString();
        case CancellableRole:
        case RetryableRole:
            return false;
        default:
            return {};
    }
}

QVariant JobListModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    if (index.internalId() == 0) return jobData(job(index.row()), index.column(), role);
    const int row = rowOf(index.internalId());
    if (row < 0) return {};
    const JobInfo& owner = job(row);
    const JobPart& part = owner.progress.running[static_cast<std::size_t>(index.row())];
    return partData(owner, part, index.column(), role);
}

QVariant JobListModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    static const std::array<QString, ColumnCount> titles = {tr("Job"), tr("Progress"),
                                                            tr("Time left"), tr("State")};
    return section < 0 || section >= ColumnCount ? QVariant()
                                                 : titles[static_cast<std::size_t>(section)];
}

}  // namespace quantscope
