// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>
#include <QTimer>
#include <memory>

#include "app/jobs/latest_worker.h"
#include "core/run/planner.h"

namespace quantscope {

class DataLoader;
class ExperimentDocument;

/// What pressing Run would do: "10 trials, about 14 s, 0.4 GB".
struct PlanSummary {
    int trials = 0;   ///< That can run.
    int refused = 0;  ///< That preflight refuses; see Plan::trials for the reasons.
    double estimatedSeconds = 0.0;
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
                QObject* parent = nullptr);

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

    ExperimentDocument* m_document;
    DataLoader* m_data;
    const MethodRegistry* m_registry;
    PlanSummary m_summary;
    std::shared_ptr<const Plan> m_plan;
    bool m_stale = false;
    QTimer m_delay;
    LatestWorker m_worker;
};

/// The summary of a plan.
PlanSummary summarize(const Plan& plan);

}  // namespace quantscope
