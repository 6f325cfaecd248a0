// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/plan_preview.h"

#include <cmath>
#include <map>
#include <set>

#include "app/jobs/data_loader.h"
#include "app/models/experiment_document.h"
#include "app/models/pace_book.h"
#include "app/models/result_set.h"
#include "core/base/text.h"
#include "core/run/run_pace.h"

namespace quantscope {

namespace {

constexpr int settleMs = 50;          // Typing comes in bursts.
constexpr int resultsSettleMs = 500;  // Results come in bursts too, and matter less.

QString durationText(double seconds) {
    if (seconds < 1.0) return PlanPreview::tr("under 1 s");
    if (seconds < 90.0) return PlanPreview::tr("about %1 s").arg(std::round(seconds));
    if (seconds < 5400.0) return PlanPreview::tr("about %1 min").arg(std::round(seconds / 60.0));
    return PlanPreview::tr("about %1 h").arg(std::round(seconds / 3600.0));
}

// The same remark often holds for many trials; it is said once, with the first of them.
class RemarkList {
public:
    void add(const std::string& remark, const Trial& trial) {
        auto [at, isNew] = m_positions.emplace(remark, m_entries.size());
        if (isNew) m_entries.push_back({remark, trial.methodText + " on " + trial.tensor, 0});
        ++m_entries[at->second].count;
    }

    void appendTo(QStringList& list) const {
        for (const Entry& entry : m_entries) {
            const QString where = QString::fromStdString(entry.firstTrial);
            list << QStringLiteral("%1: %2").arg(
                entry.count == 1
                    ? where
                    : PlanPreview::tr("%1 and %2 more").arg(where).arg(entry.count - 1),
                QString::fromStdString(entry.remark));
        }
    }

private:
    struct Entry {
        std::string remark;
        std::string firstTrial;
        int count = 0;
    };
    std::map<std::string, std::size_t> m_positions;
    std::vector<Entry> m_entries;
};

// One line for what is known; what pressing Run does comes first.
QString summaryText(const PlanSummary& summary, const std::vector<const Trial*>& left) {
    const QString trials = summary.trials == 1 ? PlanPreview::tr("1 trial")
                                               : PlanPreview::tr("%1 trials").arg(summary.trials);
    if (left.empty()) {
        return summary.trials == 1 ? PlanPreview::tr("1 trial, with its result on show")
                                   : PlanPreview::tr("%1, all with results on show").arg(trials);
    }
    const QString what = summary.recorded == 0
                             ? trials
                             : PlanPreview::tr("%1 of %2 left to run").arg(left.size()).arg(trials);
    const std::string_view rough = roughDuration(left);
    const QString time =
        summary.seconds
            ? durationText(*summary.seconds)
            : PlanPreview::tr("%1 to run")
                  .arg(QString::fromLatin1(rough.data(), static_cast<int>(rough.size())));
    return PlanPreview::tr("%1, %2, %3 of memory")
        .arg(what, time, QString::fromStdString(formatBytes(summary.peakBytes)));
}

// What depends on what has run already.
void followRecorded(PlanSummary& summary, const Plan& plan, const RecordList& records,
                    const RunPace& pace) {
    if (!summary.error.isEmpty()) return;
    std::set<std::string> recorded;
    for (const RecordPointer& record : records) {
        if (!record->failed()) recorded.insert(record->trialId);
    }
    std::vector<const Trial*> left = runnableTrials(plan);
    std::erase_if(left, [&](const Trial* trial) { return recorded.contains(trial->id); });
    summary.recorded = summary.trials - static_cast<int>(left.size());
    summary.seconds = pace.seconds(left);
    summary.text = summaryText(summary, left);
}

// What the plan alone says.
PlanSummary summarize(const Plan& plan) {
    PlanSummary summary;
    summary.peakBytes = plan.peakBytes;
    summary.artifactBytes = plan.artifactBytes;
    for (const std::string& remark : plan.remarks) {
        summary.remarks << QString::fromStdString(remark);
    }
    RemarkList remarks;
    for (const Trial& trial : plan.trials) {
        const Preflight& preflight = trial.preflight;
        if (!preflight.refusal.empty()) {
            ++summary.refused;
            remarks.add(preflight.refusal, trial);
            continue;
        }
        ++summary.trials;
        for (const std::string& warning : preflight.warnings)
            remarks.add(warning, trial);
    }
    remarks.appendTo(summary.remarks);
    if (summary.trials == 0) {
        summary.error = PlanPreview::tr("None of the %1 trials can run.").arg(summary.refused);
        summary.text = summary.error;
    }
    return summary;
}

}  // namespace

PlanPreview::PlanPreview(ExperimentDocument* document, DataLoader* data,
                         const MethodRegistry* registry, const ResultSet* results,
                         const PaceBook* pace, QObject* parent)
    : QObject(parent),
      m_document(document),
      m_data(data),
      m_registry(registry),
      m_results(results),
      m_pace(pace) {
    m_delay.setSingleShot(true);
    m_delay.setInterval(settleMs);
    connect(&m_delay, &QTimer::timeout, this, &PlanPreview::compute);
    connect(document, &ExperimentDocument::specChanged, this, &PlanPreview::schedule);
    connect(data, &DataLoader::stateChanged, this, &PlanPreview::schedule);
    connect(data, &DataLoader::fingerprintChanged, this, &PlanPreview::schedule);
    m_resultsDelay.setSingleShot(true);
    m_resultsDelay.setInterval(resultsSettleMs);
    connect(&m_resultsDelay, &QTimer::timeout, this, &PlanPreview::followResults);
    const auto followSoon = [this] {
        if (!m_resultsDelay.isActive()) m_resultsDelay.start();
    };
    connect(results, &ResultSet::changed, this, followSoon);
    connect(pace, &PaceBook::changed, this, followSoon);
    connect(&m_worker, &LatestWorker::failed, this,
            [this](const Message& message) { refuse(message.text()); });
    schedule();
}

void PlanPreview::schedule() {
    m_worker.cancel();
    m_delay.start();
    if (!std::exchange(m_stale, true)) Q_EMIT changed();
}

void PlanPreview::compute() {
    const std::shared_ptr<const TensorFile> file = m_data->file();
    const ExperimentSpec& spec = m_document->spec();
    if (!file || spec.methods.empty()) {
        PlanSummary summary;
        summary.text = !file ? tr("Open a file to begin.") : tr("Add a method to compare.");
        return take(nullptr, std::move(summary));
    }
    // A plan needs the file's fingerprint; until that is known the last summary stays, as stale.
    if (!m_data->fingerprintProblem().isEmpty()) return refuse(m_data->fingerprintProblem());
    if (m_data->fingerprint().isEmpty()) return;
    using Planned = std::pair<std::shared_ptr<const Plan>, PlanSummary>;
    m_worker.submit(
        [spec, file, side = m_data->side(), registry = m_registry, records = m_results->records(),
         pace = m_pace->pace()](const std::stop_token& stop) -> Planned {
            auto plan = std::make_shared<const Plan>(makePlan(spec, *registry, file, side, stop));
            PlanSummary summary = summarize(*plan);
            followRecorded(summary, *plan, records, pace);
            return {std::move(plan), std::move(summary)};
        },
        [this](Planned planned) { take(std::move(planned.first), std::move(planned.second)); });
}

void PlanPreview::refuse(const QString& problem) {
    PlanSummary summary;
    summary.error = problem;
    summary.text = problem;
    take(nullptr, std::move(summary));
}

void PlanPreview::take(std::shared_ptr<const Plan> plan, PlanSummary summary) {
    m_plan = std::move(plan);
    m_summary = std::move(summary);
    m_stale = false;
    Q_EMIT changed();
}

void PlanPreview::followResults() {
    // While stale, a plan is on its way that knows the results too.
    if (!m_plan || m_stale) return;
    m_worker.submit(
        [plan = m_plan, summary = m_summary, records = m_results->records(),
         pace = m_pace->pace()](const std::stop_token&) mutable {
            followRecorded(summary, *plan, records, pace);
            return summary;
        },
        [this](PlanSummary summary) {
            m_summary = std::move(summary);
            Q_EMIT changed();
        });
}

}  // namespace quantscope
