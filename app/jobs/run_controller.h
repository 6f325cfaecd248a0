// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QTimer>
#include <filesystem>
#include <memory>

#include "app/jobs/job_queue.h"
#include "app/jobs/record_inbox.h"
#include "app/jobs/training_inbox.h"
#include "app/models/result_set.h"
#include "core/run/engine.h"
#include "core/run/run_pace.h"

namespace quantscope {

class DataLoader;
class ExperimentDocument;

/// Runs the document's experiment into a result folder and shows its records as they come.
///
/// Each distinct experiment (run id) has a folder of its own below runsFolder(), unless the user
/// chose one. Running again resumes; trials that the results on show already hold are taken over
/// with their artifacts, so adding a method to an experiment runs that method alone.
class RunController : public QObject {
    Q_OBJECT
public:
    /// All outlive the controller.
    RunController(ExperimentDocument* document, DataLoader* data, JobQueue* jobs,
                  ResultSet* results, const MethodRegistry* registry, QObject* parent = nullptr);

    bool isRunning() const { return m_job != 0; }
    JobId job() const { return m_job; }  ///< 0 while nothing runs.
    /// The folder of the results on show; empty for none.
    const std::filesystem::path& runFolder() const { return m_runFolder; }
    /// The experiment that the results on show came from.
    const ExperimentSpec& resultSpec() const { return m_resultSpec; }
    /// Where a trial's artifact lies; empty when it was not kept.
    std::filesystem::path artifact(const QString& trialId) const;

    /// Where runs go by themselves: the cache folder of the user, unless set.
    const std::filesystem::path& runsFolder() const { return m_runsFolder; }
    void setRunsFolder(const std::filesystem::path& folder) { m_runsFolder = folder; }
    void setMemoryBudget(std::uint64_t bytes) { m_memoryBytes = bytes; }

public Q_SLOTS:
    /// Plans and runs. `folder` is the user's choice; empty for runsFolder()/<run id>.
    void start(const std::filesystem::path& folder = {});
    void cancel();
    /// Runs the experiment of the results on show again: trials without a result, failed ones
    /// included.
    void retryFailed();
    /// Shows the results of a folder without running anything. A run under way goes on, and is
    /// recorded in its own folder, but is not shown any more; the same holds for close().
    void openRun(const std::filesystem::path& folder);
    /// Shows no results.
    void close();

Q_SIGNALS:
    void runningChanged(bool running);
    void started();
    void finished(const quantscope::RunSummary& summary);
    /// How fast the trials of a finished run were.
    void measured(const quantscope::RunPace& pace);
    void runFolderChanged();
    /// Curves of a trial that trains now, at most 30 times a second; without curves when none does.
    void trainingChanged(const quantscope::TrainingData& data);

private:
    struct Request;
    struct Shown;
    struct Ended;

    void launch(const ExperimentSpec& spec, const std::filesystem::path& folder);
    static Ended run(const Request& request, JobContext& context);
    void show(const Shown& shown);
    void detach();
    void drainInbox();
    void jobChanged(JobId job);
    void jobEnded(JobId job);
    void jobStopped(JobId job);
    void setRunning(JobId job);

    ExperimentDocument* m_document;
    DataLoader* m_data;
    JobQueue* m_jobs;
    ResultSet* m_results;
    const MethodRegistry* m_registry;
    std::filesystem::path m_runsFolder;
    std::filesystem::path m_runFolder;
    ExperimentSpec m_resultSpec;
    std::uint64_t m_memoryBytes = 0;
    JobId m_job = 0;
    bool m_isShown = false;  ///< The folder of the run that was started last is on show.
    JobId m_lastJob = 0;
    /// Grows whenever something else is to be shown; what older jobs deliver is dropped.
    quint64 m_generation = 0;
    std::shared_ptr<RecordInbox> m_inbox;  ///< Records on their way from the engine.
    std::shared_ptr<TrainingInbox> m_training;
    QTimer m_drain;
};

}  // namespace quantscope

Q_DECLARE_METATYPE(quantscope::RunSummary)
