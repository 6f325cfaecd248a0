// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>
#include <QTimer>
#include <memory>
#include <optional>

#include "app/jobs/latest_worker.h"
#include "core/run/planner.h"

namespace quantscope {

class DataLoader;
class ExperimentDocument;
class PaceBook;
class ResultSet;

/// What pressing Run would do: "10 trials, about 14 s, 0.4 GB of memory".
struct PlanSummary {
    int trials = 0;    ///< That can run.
    int recorded = 0;  ///< Of these, those whose results are on show; they will not run again.
    int refused = 0;   ///< That preflight refuses; see Plan::trials for the reasons.
    /// Of the trials that are left to run; empty unless all their methods ran here before.
    std::optional<double> seconds;
    std::uint64_t peakBytes = 0;
    std::uint64_t artifactBytes = 0;
    QStringList remarks;  ///< Of the plan, then warnings and refusals of trials, each said once.
    QString error;        ///< Why nothing can run; empty when something can.
    QString text;         ///< One line for the Run button's side.
};

/// Plans the document's experiment anew after every change, off the UI thread, newest wins.
class PlanPreview : public QObject {
    Q_OBJECT
public:
    /// All outlive the preview.
    PlanPreview(ExperimentDocument* document, DataLoader* data, const MethodRegistry* registry,
                const ResultSet* results, const PaceBook* pace, QObject* parent = nullptr);

    const PlanSummary& summary() const { return m_summary; }
    /// The plan behind the summary; null while there is none.
    std::shared_ptr<const Plan> plan() const { return m_plan; }
    /// Whether the summary is of an older spec; shown dimmed.
    bool isStale() const { return m_stale; }

Q_SIGNALS:
    void changed();

private:
    void schedule();
    void compute();
    void refuse(const QString& problem);
    void take(std::shared_ptr<const Plan> plan, PlanSummary summary);
    /// Says anew what is left to run, and how long that takes.
    void followResults();

    ExperimentDocument* m_document;
    DataLoader* m_data;
    const MethodRegistry* m_registry;
    const ResultSet* m_results;
    const PaceBook* m_pace;
    PlanSummary m_summary;
    std::shared_ptr<const Plan> m_plan;
    bool m_stale = false;
    QTimer m_delay;
    QTimer m_resultsDelay;
    LatestWorker m_worker;
};

}  // namespace quantscope
