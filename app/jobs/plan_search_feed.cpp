// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/plan_search_feed.h"

#include "app/jobs/plan_feed.h"
#include "app/jobs/run_controller.h"

namespace quantscope {

PlanSearchFeed::PlanSearchFeed(Sources sources, QObject* parent)
    : QObject(parent), m_sources(std::move(sources)) {
    connect(m_sources.allocation, &PlanFeed::changed, this, &PlanSearchFeed::stateChanged);
    // The jobs panel may have started it again.
    connect(m_sources.jobs, &JobQueue::jobChanged, this, [this](JobId job) {
        if (job != m_lastJob || isRunning() || !m_sources.jobs->isActive(job)) return;
        m_job = job;
        Q_EMIT stateChanged();
    });
    connect(m_sources.jobs, &JobQueue::jobEnded, this, [this](JobId job) {
        if (job != m_job) return;
        m_job = 0;
        Q_EMIT stateChanged();
    });
}

bool PlanSearchFeed::canStart() const {
    return !isRunning() && m_sources.allocation->isCurrent() &&
           m_sources.allocation->answer().plan.has_value();
}

void PlanSearchFeed::start(const PlanSearchRequest& request) {
    if (!canStart()) return;
    m_request = request;
    m_request.folder = m_sources.run->runFolder();
    m_request.model = m_sources.run->resultSpec().data.file;
    m_request.prober = m_sources.prober;
    m_request.loss = m_sources.allocation->wish().loss;
    JobOptions options;
    options.title =
        tr("Search a plan on %1").arg(QString::fromStdString(m_request.tokens.filename().string()));
    options.lane = JobLane::Batch;
    options.failureHeadline = tr("No plan was searched for.");
    const PlanAnswer& answer = m_sources.allocation->answer();
    m_job = m_sources.jobs->start(
        options, this,
        [search = m_request, choices = answer.choices, wanted = answer.request,
         registry = m_sources.registry](JobContext& context) {
            const RunContext work(0, context.stop(), [&](double fraction, std::string_view phase) {
                context.progress(fraction, phase);
            });
            return searchPlan(*choices, wanted, search, *registry, work);
        },
        [this, wish = answer.wish, folder = m_request.folder](const AllocationPlan& plan) {
            if (folder != m_sources.run->runFolder()) return;
            // The question may have changed meanwhile; its answer is the one that took long.
            m_sources.allocation->show(tr("search a plan"), plan, wish);
        });
    m_lastJob = m_job;
    Q_EMIT stateChanged();
}

void PlanSearchFeed::cancel() {
    if (m_job != 0) m_sources.jobs->cancel(m_job);
}

}  // namespace quantscope
