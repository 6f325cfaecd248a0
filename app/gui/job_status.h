// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/jobs/job_queue.h"

class QLabel;
class QProgressBar;
class QToolButton;

namespace quantscope {

/// The oldest active job in one line of the status bar: "14 of 24", a bar, the time left, Cancel.
/// Hidden while nothing runs, and for what is over at once.
class JobStatus : public QWidget {
    Q_OBJECT

public:
    /// `jobs` outlives the widget.
    explicit JobStatus(JobQueue& jobs, QWidget* parent = nullptr);

Q_SIGNALS:
    /// The user wants to see all jobs.
    void clicked();

private:
    void follow();

    JobQueue& m_jobs;
    JobId m_shown = 0;
    QToolButton* m_text;
    QProgressBar* m_bar;
    QLabel* m_left;
    QToolButton* m_cancel;
};

}  // namespace quantscope
