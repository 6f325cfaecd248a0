// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QTimer>
#include <map>
#include <memory>
#include <optional>

#include "app/jobs/latest_worker.h"
#include "app/models/plan_builders.h"
#include "app/models/plot_data.h"
#include "core/run/allocation_plan.h"

namespace quantscope {

class ResultSet;
class RunController;

/// What the user asks of the bit allocation.
struct PlanWish {
    std::optional<double> bitsPerWeight;  ///< Empty: in the middle of what can be had.
    Allocator allocator = Allocator::Exact;
    LossMeasure loss = LossMeasure::Weight;
    bool tied = false;  ///< Tensors that one kernel reads get one method; see usualTies.
    std::map<QString, QString> locks;  ///< Methods, as text, by tensor.
    QString probe;  ///< The method that sensitivities are of; empty: the one nearest the budget.
    /// The plan that was searched for, in place of what the allocator would say; see
    /// PlanFeed::show. 0 for none. Of this sitting alone: not in the JSON.
    int searched = 0;

    bool operator==(const PlanWish&) const = default;
    Json toJson() const;
    /// What is damaged or missing stays at its default, and so does the allocator where it is
    /// `ranking`: that needs a score, and the window has none.
    static PlanWish fromJson(const Json& json);
};

/// A change of the wish as a value: what an undo command needs.
struct PlanEdit {
    QString name;      ///< For "Undo ...": "lock a tensor".
    QString mergeKey;  ///< Edits with the same key that is not empty may become one (slider steps).
    PlanWish before;
    PlanWish after;
};

/// A plan for the results on show.
struct PlanAnswer {
    std::optional<AllocationPlan> plan;
    PlanWish wish;  ///< That it answers.
    /// What the plan was made from.
    std::shared_ptr<const std::vector<TensorChoices>> choices;
    AllocationRequest request;
    BudgetRange range;
    bool canTie = false;
    QString problem;  ///< Why there is no plan; empty while there are no results either.
    PlanData bars;
    BudgetCurveData curve;
    bool hasCurve = false;  ///< Otherwise that of an older wish.
    SensitivityData sensitivity;
    GainData gains;
};

/// Solves the bit allocation over the results on show anew after every change of results or wish,
/// off the UI thread, newest wins. Works only while somebody looks at it.
class PlanFeed : public QObject {
    Q_OBJECT

public:
    /// Both outlive the feed.
    PlanFeed(const ResultSet* results, const RunController* run, QObject* parent = nullptr);

    const PlanWish& wish() const { return m_wish; }
    const PlanAnswer& answer() const { return m_answer; }

    /// Changes the wish on behalf of the user: takes it at once and emits edited(), from which the
    /// window makes an undo command. Nothing happens when it is equal. A wish for another plan is
    /// not for the searched one any more.
    void edit(const QString& name, const PlanWish& after, const QString& mergeKey = {});
    /// Shows a plan that was made elsewhere from the choices and the request of the answer to
    /// `wish`, as an edit: undo and redo take it away and bring it back. Forgotten when the results
    /// change.
    void show(const QString& name, const AllocationPlan& plan, PlanWish wish);
    /// Whether the answer is what the wish asks for, and not an older one.
    bool isCurrent() const { return !m_stale && m_answer.wish == m_wish; }

public Q_SLOTS:
    /// Without offering an undo step: for undo itself and for opening.
    void setWish(const quantscope::PlanWish& wish);
    void setWanted(bool wanted);

Q_SIGNALS:
    void edited(const quantscope::PlanEdit& edit);
    void changed();
    void wishChanged();

private:
    struct Given;
    class Solver;

    void schedule();
    void compute();
    void computeCurve(const Given& given);

    const ResultSet* m_results;
    const RunController* m_run;
    PlanWish m_wish;
    PlanAnswer m_answer;
    std::map<int, AllocationPlan> m_searched;  ///< See show().
    int m_lastSearched = 0;
    bool m_wanted = false;
    bool m_stale = true;
    QTimer m_delay;
    std::shared_ptr<Solver> m_solver;  ///< Of the worker's thread.
    LatestWorker m_worker;
};

}  // namespace quantscope
