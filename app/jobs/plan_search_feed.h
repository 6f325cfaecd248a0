// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <filesystem>

#include "app/jobs/job_queue.h"
#include "core/run/plan_search.h"

namespace quantscope {

class PlanFeed;
class RunController;

/// The job that lets the plan on show evolve on the model's own loss, and shows what came of it. A
/// search that is cancelled leaves nothing behind.
class PlanSearchFeed : public QObject {
    Q_OBJECT

public:
    struct Sources {
        const RunController* run;
        PlanFeed* allocation;
        JobQueue* jobs;
        const MethodRegistry* registry;
        std::filesystem::path prober;
    };
    /// All outlive the feed.
    explicit PlanSearchFeed(Sources sources, QObject* parent = nullptr);

    /// How was searched last: what a form starts with.
    const PlanSearchRequest& request() const { return m_request; }
    bool isRunning() const { return m_job != 0; }
    /// Whether there is a plan to start from that answers the present wish, and nothing runs.
    bool canStart() const;

public Q_SLOTS:
    /// Starts from the plan that the allocator chooses for the present wish, by its loss. Folder,
    /// model, prober and loss of the request are those on show. Nothing happens unless canStart().
    void start(const quantscope::PlanSearchRequest& request);
    void cancel();

Q_SIGNALS:
    void stateChanged();

private:
    Sources m_sources;
    PlanSearchRequest m_request;
    JobId m_job = 0;  ///< 0 while nothing runs.
    JobId m_lastJob = 0;
};

}  // namespace quantscope
