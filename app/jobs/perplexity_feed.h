// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <filesystem>
#include <vector>

#include "app/jobs/job_queue.h"
#include "app/jobs/latest_worker.h"
#include "app/models/plot_data.h"
#include "core/quant/method.h"
#include "core/store/evaluation_records.h"

namespace quantscope {

class PlanFeed;
class ResultSet;
class RunController;

/// What the model's perplexity is with the results on show, as their run's folder keeps it, and the
/// job that evaluates more: every method that has results on all tensors, and the present plan.
class PerplexityFeed : public QObject {
    Q_OBJECT

public:
    struct Sources {
        const ResultSet* results;
        const RunController* run;
        const PlanFeed* allocation;
        JobQueue* jobs;
        const MethodRegistry* registry;
        std::filesystem::path prober;
    };
    /// All outlive the feed.
    explicit PerplexityFeed(Sources sources, QObject* parent = nullptr);

    const std::vector<EvaluationRecord>& records() const { return m_records; }
    const PerplexityData& data() const { return m_data; }
    /// The file of token ids that judges: the user's choice, or that of the newest evaluation.
    const std::filesystem::path& tokens() const { return m_tokens; }
    bool isRunning() const { return m_job != 0; }
    /// Whether there are tokens and results, and nothing runs.
    bool canStart() const;

public Q_SLOTS:
    void setTokens(const std::filesystem::path& file);
    void start();
    void cancel();

Q_SIGNALS:
    /// The evaluations on show changed.
    void changed();
    /// Tokens, results or whether it runs.
    void stateChanged();

private:
    struct Kept;

    void followRun();
    void take(const std::filesystem::path& folder, std::vector<EvaluationRecord> records);
    void rebuild();
    void add(const std::filesystem::path& folder, const EvaluationRecord& record);

    Sources m_sources;
    std::vector<EvaluationRecord> m_records;
    PerplexityData m_data;
    QString m_problem;  ///< Why it is not known what the run's folder keeps.
    std::filesystem::path m_folder;
    std::filesystem::path m_tokens;
    JobId m_job = 0;  ///< 0 while nothing runs.
    JobId m_lastJob = 0;
    LatestWorker m_reader;
};

}  // namespace quantscope
