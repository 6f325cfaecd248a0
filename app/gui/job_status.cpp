// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/job_status.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>
#include <algorithm>

#include "app/gui/themed_icon.h"
#include "app/jobs/job_list_model.h"

namespace quantscope {

namespace {

// Shorter jobs would only flash.
constexpr double quietSeconds = 0.3;

bool isActive(const JobInfo& job) {
    return job.state == JobState::Waiting || job.state == JobState::Running;
}

}  // namespace

JobStatus::JobStatus(JobQueue& jobs, QWidget* parent)
    : QWidget(parent),
      m_jobs(jobs),
      m_text(new QToolButton(this)),
      m_bar(new QProgressBar(this)),
      m_left(new QLabel(this)),
      m_cancel(new QToolButton(this)) {
    m_text->setAutoRaise(true);
    m_text->setToolTip(tr("Show all jobs"));
    m_text->setFocusPolicy(Qt::TabFocus);
    m_bar->setRange(0, 1000);
    m_bar->setTextVisible(false);
    m_bar->setFixedWidth(fontMetrics().averageCharWidth() * 20);
    m_cancel->setAutoRaise(true);
    m_cancel->setIcon(themedIcon(QStringLiteral("cancel")));
    m_cancel->setText(tr("Cancel"));
    m_cancel->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_cancel->setFocusPolicy(Qt::TabFocus);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_text);
    layout->addWidget(m_bar);
    layout->addWidget(m_left);
    layout->addWidget(m_cancel);
    connect(m_text, &QToolButton::clicked, this, &JobStatus::clicked);
    connect(m_cancel, &QToolButton::clicked, this, [this] { m_jobs.cancel(m_shown); });
    connect(&jobs, &JobQueue::jobChanged, this, &JobStatus::follow);
    connect(&jobs, &JobQueue::jobAdded, this, &JobStatus::follow);
    connect(&jobs, &JobQueue::jobRemoved, this, &JobStatus::follow);
    connect(&jobs, &JobQueue::jobEnded, this, &JobStatus::follow);
    follow();
}

void JobStatus::follow() {
    const std::vector<JobInfo> jobs = m_jobs.jobs();
    const auto shown = std::ranges::find_if(jobs, [](const JobInfo& job) {
        return isActive(job) && job.elapsedSeconds >= quietSeconds;
    });
    setVisible(shown != jobs.end());
    if (shown == jobs.end()) return;
    m_shown = shown->id;
    const JobProgress& progress = shown->progress;
    const auto active = std::ranges::count_if(jobs, isActive);
    QString text = progress.partsTotal > 0
                       ? tr("%1 of %2 trials").arg(progress.partsDone).arg(progress.partsTotal)
                       : shown->title;
    if (active == 2) text += tr(", 1 more job");
    if (active > 2) text += tr(", %1 more jobs").arg(active - 1);
    m_text->setText(text);
    m_bar->setValue(static_cast<int>(progress.fraction * 1000));
    m_bar->setAccessibleName(shown->title);
    m_left->setText(shown->secondsLeft ? tr("%1 left").arg(formatDuration(*shown->secondsLeft))
                                       : QString());
    m_cancel->setToolTip(tr("Cancel: %1").arg(shown->title));
}

}  // namespace quantscope
