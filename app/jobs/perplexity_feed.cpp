// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/perplexity_feed.h"

#include <algorithm>

#include "app/jobs/plan_feed.h"
#include "app/jobs/run_controller.h"
#include "app/models/perplexity_builder.h"
#include "app/models/result_set.h"
#include "core/base/text_file.h"
#include "core/run/model_judge.h"
#include "core/store/result_summary.h"

namespace quantscope {

PerplexityFeed::PerplexityFeed(Sources sources, QObject* parent)
    : QObject(parent), m_sources(std::move(sources)) {
    connect(m_sources.run, &RunController::runFolderChanged, this, &PerplexityFeed::followRun);
    connect(m_sources.results, &ResultSet::changed, this, &PerplexityFeed::stateChanged);
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
    followRun();
}

bool PerplexityFeed::canStart() const {
    return !isRunning() && !m_tokens.empty() && !m_folder.empty() && m_sources.results->count() > 0;
}

/// What a folder keeps, or why that is not known.
struct PerplexityFeed::Kept {
    std::vector<EvaluationRecord> records;
    QString problem;
};

void PerplexityFeed::followRun() {
    if (m_folder == m_sources.run->runFolder()) return;
    m_folder = m_sources.run->runFolder();
    m_problem.clear();
    take(m_folder, {});
    if (m_folder.empty()) return;
    m_reader.submit(
        [folder = m_folder](const std::stop_token&) {
            Kept kept;
            try {
                kept.records = readEvaluations(folder);
            } catch (const Error& error) {
                kept.problem = QString::fromStdString(error.fullText());
            }
            return kept;
        },
        [this, folder = m_folder](Kept kept) {
            if (folder != m_folder) return;
            m_problem = kept.problem;
            take(folder, std::move(kept.records));
        });
}

void PerplexityFeed::take(const std::filesystem::path& folder,
                          std::vector<EvaluationRecord> records) {
    if (folder != m_folder) return;
    m_records = std::move(records);
    if (m_tokens.empty() && !m_records.empty()) m_tokens = m_records.back().tokens;
    rebuild();
    Q_EMIT stateChanged();
}

void PerplexityFeed::rebuild() {
    m_data = buildPerplexity(m_records, m_tokens);
    m_data.problem = m_problem;
    Q_EMIT changed();
}

void PerplexityFeed::add(const std::filesystem::path& folder, const EvaluationRecord& record) {
    std::vector<EvaluationRecord> records = m_records;
    std::erase_if(records, [&](const EvaluationRecord& other) { return other.id == record.id; });
    records.push_back(record);
    take(folder, std::move(records));
}

void PerplexityFeed::setTokens(const std::filesystem::path& file) {
    m_tokens = file;
    rebuild();
    Q_EMIT stateChanged();
}

void PerplexityFeed::start() {
    if (!canStart()) return;
    JudgeRequest request;
    request.folder = m_folder;
    request.model = m_sources.run->resultSpec().data.file;
    request.tokens = m_tokens;
    request.prober = m_sources.prober;
    JobOptions options;
    options.title =
        tr("Evaluate the model on %1").arg(QString::fromStdString(m_tokens.filename().string()));
    options.lane = JobLane::Batch;
    options.failureHeadline = tr("The model was not evaluated.");
    // The plan as it is now, and the records in the order of the command line.
    const std::optional<AllocationPlan> plan = m_sources.allocation->answer().plan;
    m_job = m_sources.jobs->start(
        options, this,
        [this, request, plan, records = m_sources.results->records(),
         registry = m_sources.registry](JobContext& context) mutable {
            std::vector<TrialRecord> finished;
            for (const RecordPointer& record : records)
                finished.push_back(*record);
            const RunInfo run = RunInfo::fromJson(readJsonFile(request.folder / "run.json"));
            request.settings = methodSettings(inPlanOrder(std::move(finished), run));
            if (plan) request.settings.push_back(planSetting(*plan));
            const RunContext work(0, context.stop(), [&](double fraction, std::string_view phase) {
                context.progress(fraction, phase);
            });
            judgeRun(
                request, *registry,
                [&](const EvaluationRecord& record) {
                    context.deliver(
                        [this, folder = request.folder, record] { add(folder, record); });
                },
                work);
        });
    m_lastJob = m_job;
    Q_EMIT stateChanged();
}

void PerplexityFeed::cancel() {
    if (m_job != 0) m_sources.jobs->cancel(m_job);
}

}  // namespace quantscope
