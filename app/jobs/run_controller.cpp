// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/run_controller.h"

#include <QStandardPaths>
#include <map>

#include "app/jobs/data_loader.h"
#include "app/models/experiment_document.h"
#include "core/base/parallel.h"
#include "core/base/text_file.h"
#include "core/store/evaluation_records.h"

namespace quantscope {

namespace {

constexpr int drainIntervalMs = 33;  // 30 Hz.

std::filesystem::path defaultRunsFolder() {
    const QString cache = QStandardPaths::writableLocation(QStandardPaths::CacheLocation);
    return std::filesystem::path(cache.toStdString()) / "runs";
}

QString trialLabel(const Trial& trial) {
    return QStringLiteral("%1 on %2")
        .arg(QString::fromStdString(trial.methodText), QString::fromStdString(trial.tensor));
}

}  // namespace

// All that a run needs, as it was when the user asked for it.
struct RunController::Request {
    RunController* controller = nullptr;  // For deliveries on the UI thread alone.
    quint64 generation = 0;
    ExperimentSpec spec;
    std::shared_ptr<const TensorFile> file;  // Null: to be opened.
    SideFiles side;
    std::filesystem::path prober;
    std::filesystem::path folder;  // Empty: below runsFolder.
    std::filesystem::path runsFolder;
    const MethodRegistry* registry = nullptr;
    std::uint64_t memoryBytes = 0;
    RecordList knownRecords;  // Results on show, measured as this experiment asks for.
    std::filesystem::path knownFolder;
    std::shared_ptr<RecordInbox> inbox;
    std::shared_ptr<TrainingInbox> training;
};

struct RunController::Ended {
    RunSummary summary;
    RunPace pace;
};

struct RunController::Shown {
    std::filesystem::path folder;
    ExperimentSpec spec;
    RecordList records;
};

namespace {

// Tells the job of the engine's progress and keeps finished records for the window.
class JobObserver final : public RunObserver {
public:
    JobObserver(JobContext& context, RecordInbox& inbox, TrainingInbox& training)
        : m_context(context), m_inbox(inbox), m_training(training) {}

    void trialStarted(const Trial& trial) override {
        m_training.begin(trial.id);
        m_context.partProgress(trial.id, trialLabel(trial), 0.0, {});
    }
    void trialProgress(const Trial& trial, double fraction, std::string_view phase) override {
        m_context.partProgress(trial.id, trialLabel(trial), fraction, phase);
    }
    void trialTraining(const Trial& trial, const std::string& series, double value) override {
        m_training.add(trial.id, trialLabel(trial), series, value);
    }
    void trialFinished(const Trial& trial, const TrialRecord& record, bool recorded) override {
        m_training.end(trial.id);
        // The records that were there before are on show already.
        if (!recorded) m_inbox.put(std::make_shared<const TrialRecord>(record));
        m_context.partFinished(trial.id, record.failed());
    }

private:
    JobContext& m_context;
    RecordInbox& m_inbox;
    TrainingInbox& m_training;
};

// Takes over results that another run measured already. A trial's id stands for everything that
// decides its result, so the record is as good as a new one.
void adoptRecords(const Plan& plan, const RecordList& known, const std::filesystem::path& folder,
                  ResultStore& store, const std::stop_token& stop) {
    std::map<std::string, RecordPointer> byId;
    for (const RecordPointer& record : known)
        byId[record->trialId] = record;
    for (const Trial& trial : plan.trials) {
        throwIfStopped(stop);
        const auto found = byId.find(trial.id);
        if (found == byId.end() || found->second->failed() || store.find(trial.id)) continue;
        std::error_code failure;
        std::filesystem::copy_file(ResultStore::artifactPath(folder, trial.id),
                                   store.artifactPath(trial.id),
                                   std::filesystem::copy_options::overwrite_existing, failure);
        if (failure) continue;
        // The label is this plan's: methods are told apart by it.
        TrialRecord record = *found->second;
        record.methodText = trial.methodText;
        store.append(record);
    }
}

// What the model was judged with holds in any folder: evaluations are told by the trials in them.
void adoptEvaluations(const RunInfo& run, const std::filesystem::path& from,
                      const std::filesystem::path& to) {
    if (from.empty() || from == to || !std::filesystem::exists(evaluationsPath(from)) ||
        std::filesystem::exists(evaluationsPath(to))) {
        return;
    }
    try {
        const RunInfo known = RunInfo::fromJson(readJsonFile(from / "run.json"));
        if (known.data.fingerprint != run.data.fingerprint) return;
    } catch (const Error&) {
        return;  // A damaged folder has nothing to give; the new run does not depend on it.
    }
    std::error_code ignored;
    std::filesystem::copy_file(evaluationsPath(from), evaluationsPath(to), ignored);
}

RunPace paceOf(const std::vector<const Trial*>& toRun, const ResultStore& store,
               const RunSummary& summary) {
    // Nobody knows how much of the time went into what failed.
    if (summary.failed > 0) return {};
    std::vector<const Trial*> ran;
    std::vector<TrialRecord> records;
    for (const Trial* trial : toRun) {
        const std::optional<TrialRecord> record = store.find(trial->id);
        if (!record || record->failed()) continue;
        ran.push_back(trial);
        records.push_back(*record);
    }
    return RunPace::measured(ran, records, summary.seconds);
}

}  // namespace

RunController::RunController(ExperimentDocument* document, DataLoader* data, JobQueue* jobs,
                             ResultSet* results, const MethodRegistry* registry, QObject* parent)
    : QObject(parent),
      m_document(document),
      m_data(data),
      m_jobs(jobs),
      m_results(results),
      m_registry(registry),
      m_runsFolder(defaultRunsFolder()) {
    m_drain.setInterval(drainIntervalMs);
    connect(&m_drain, &QTimer::timeout, this, &RunController::drainInbox);
    connect(jobs, &JobQueue::jobChanged, this, &RunController::jobChanged);
    connect(jobs, &JobQueue::jobEnded, this, &RunController::jobEnded);
    connect(jobs, &JobQueue::jobStopped, this, &RunController::jobStopped);
}

std::filesystem::path RunController::artifact(const QString& trialId) const {
    if (m_runFolder.empty()) return {};
    std::filesystem::path path = ResultStore::artifactPath(m_runFolder, trialId.toStdString());
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) ? path : std::filesystem::path();
}

void RunController::start(const std::filesystem::path& folder) {
    launch(m_document->spec(), folder);
}

void RunController::retryFailed() {
    if (!m_runFolder.empty()) launch(m_resultSpec, m_runFolder);
}

void RunController::cancel() {
    m_jobs->cancel(m_job);
}

void RunController::launch(const ExperimentSpec& spec, const std::filesystem::path& folder) {
    if (isRunning()) return;
    detach();
    Request request;
    request.controller = this;
    request.generation = m_generation;
    request.spec = spec;
    const ExperimentSpec& open = m_document->spec();
    const bool filesOpen = m_data->state() == DataLoader::State::Open &&
                           open.data.file == spec.data.file && open.hessians == spec.hessians &&
                           open.codebooks == spec.codebooks &&
                           open.data.followExternalLinks == spec.data.followExternalLinks;
    if (filesOpen) {
        request.file = m_data->file();
        request.side = m_data->side();
    }
    request.prober = m_data->prober();
    request.folder = folder;
    request.runsFolder = m_runsFolder;
    request.registry = m_registry;
    request.memoryBytes = m_memoryBytes;
    if (m_resultSpec.metrics == spec.metrics) request.knownRecords = m_results->records();
    request.knownFolder = m_runFolder;
    request.inbox = std::make_shared<RecordInbox>();
    request.training = std::make_shared<TrainingInbox>();

    JobOptions options;
    options.lane = JobLane::Batch;
    options.title = spec.title.empty() ? tr("Run experiment")
                                       : tr("Run %1").arg(QString::fromStdString(spec.title));
    options.failureHeadline = tr("The experiment did not run.");
    m_inbox = request.inbox;
    m_training = request.training;
    const JobId job = m_jobs->start(
        options, this, [request](JobContext& context) { return run(request, context); },
        [this, generation = m_generation](const Ended& ended) {
            Q_EMIT measured(ended.pace);
            if (generation != m_generation) return;
            drainInbox();
            Q_EMIT finished(ended.summary);
        });
    setRunning(job);
    Q_EMIT started();
}

// On the job's thread.
RunController::Ended RunController::run(const Request& request, JobContext& context) {
    context.progress(0.0, "planning");
    const Plan plan =
        request.file
            ? makePlan(request.spec, *request.registry, request.file, request.side, context.stop())
            : makePlan(request.spec, *request.registry, {request.prober, context.stop()});
    const std::filesystem::path folder =
        request.folder.empty() ? request.runsFolder / plan.run.runId : request.folder;
    const std::unique_ptr<ResultStore> store =
        ResultStore::create(folder, plan.spec.toJson(), plan.run, true);
    adoptRecords(plan, request.knownRecords, request.knownFolder, *store, context.stop());
    adoptEvaluations(plan.run, request.knownFolder, folder);
    context.deliver([controller = request.controller, generation = request.generation,
                     shown = Shown{folder, plan.spec, recordList(store->records())}] {
        if (generation == controller->m_generation) controller->show(shown);
    });
    context.setPartCount(static_cast<int>(plan.trials.size()));
    std::vector<const Trial*> toRun = runnableTrials(plan);
    std::erase_if(toRun, [&](const Trial* trial) {
        const std::optional<TrialRecord> record = store->find(trial->id);
        return record && !record->failed();
    });
    JobObserver observer(context, *request.inbox, *request.training);
    EngineOptions options;
    options.threads = jobThreads();
    options.memoryBytes = request.memoryBytes;
    Ended ended;
    ended.summary = runPlan(plan, *request.registry, *store, options, observer, context.stop());
    ended.pace = paceOf(toRun, *store, ended.summary);
    return ended;
}

void RunController::show(const Shown& shown) {
    m_runFolder = shown.folder;
    m_resultSpec = shown.spec;
    m_results->assign(shown.records);
    m_isShown = true;
    Q_EMIT runFolderChanged();
}

void RunController::drainInbox() {
    // Before the run's folder is on show, what it replaces is: records would go with it.
    if (!m_inbox || !m_isShown) return;
    const RecordList records = m_inbox->take();
    if (!records.empty()) m_results->add(records);
    // Of a run that was cancelled nothing trains any more.
    if (!isRunning()) return;
    if (const auto training = m_training->takeChanged()) Q_EMIT trainingChanged(*training);
}

// The jobs panel may have started the run again.
void RunController::jobChanged(JobId job) {
    if (job == m_lastJob && !isRunning() && m_jobs->isActive(job)) setRunning(job);
}

void RunController::jobEnded(JobId job) {
    if (job == m_job) setRunning(0);
}

// A cancelled run may still record its last trials; they are shown once its thread has ended.
void RunController::jobStopped(JobId job) {
    if (job == m_lastJob) drainInbox();
}

void RunController::setRunning(JobId job) {
    const bool wasRunning = isRunning();
    m_job = job;
    if (isRunning()) {
        m_lastJob = job;
        m_isShown = false;
        m_drain.start();
    } else {
        m_drain.stop();
    }
    if (isRunning() != wasRunning) Q_EMIT runningChanged(isRunning());
}

// From here on nothing that runs or is being opened changes what is on show.
void RunController::detach() {
    ++m_generation;
    m_inbox.reset();
    m_training.reset();
    m_lastJob = 0;
    setRunning(0);
}

void RunController::openRun(const std::filesystem::path& folder) {
    detach();
    JobOptions options;
    options.title = tr("Open results in %1").arg(QString::fromStdString(folder.string()));
    options.slot = QStringLiteral("open run");
    options.failureHeadline = tr("The results were not opened.");
    m_jobs->start(
        options, this,
        [folder](JobContext& /*context*/) {
            const std::unique_ptr<ResultStore> store = ResultStore::open(folder);
            return Shown{folder, ExperimentSpec::fromJson(store->spec()),
                         recordList(store->records())};
        },
        [this, generation = m_generation](const Shown& shown) {
            if (generation == m_generation) show(shown);
        });
}

void RunController::close() {
    detach();
    show({});
}

}  // namespace quantscope
