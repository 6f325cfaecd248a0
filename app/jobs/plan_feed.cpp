// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/plan_feed.h"

#include <algorithm>

#include "app/jobs/run_controller.h"
#include "app/models/result_set.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text_file.h"
#include "core/store/result_summary.h"
#include "core/store/run_info.h"

namespace quantscope {

namespace {

constexpr int settleMs = 15;  // A slider asks often.
constexpr int curvePoints = 48;

QString lossName(LossMeasure measure) {
    switch (measure) {
        case LossMeasure::Output:
            return PlanFeed::tr("Hessian-weighted error, tr(E H E^T)");
        case LossMeasure::Relative:
            return PlanFeed::tr("Relative squared error, by weights");
        case LossMeasure::Automatic:
        case LossMeasure::Weight:
            break;
    }
    return PlanFeed::tr("Squared error of the weights");
}

template <typename Value, typename Parse>
Value parsed(const Json& json, const char* key, Value otherwise, const Parse& parse) {
    try {
        return parse(json.at(key).get<std::string>());
    } catch (const std::exception&) {
        return otherwise;
    }
}

// What of a wish decides the plan.
PlanWish plannedBy(PlanWish wish) {
    wish.probe.clear();
    return wish;
}

}  // namespace

Json PlanWish::toJson() const {
    Json json{{"allocator", allocatorText(allocator)},
              {"loss", lossMeasureText(loss)},
              {"tied", tied},
              {"locks", Json::object()}};
    if (!probe.isEmpty()) json["probe"] = probe.toStdString();
    if (bitsPerWeight) json["bits_per_weight"] = *bitsPerWeight;
    for (const auto& [tensor, method] : locks)
        json["locks"][tensor.toStdString()] = method.toStdString();
    return json;
}

PlanWish PlanWish::fromJson(const Json& json) {
    PlanWish wish;
    if (!json.is_object()) return wish;
    wish.allocator = parsed(json, "allocator", wish.allocator, parseAllocator);
    if (wish.allocator == Allocator::Ranking) wish.allocator = PlanWish().allocator;
    wish.loss = usualMeasure(parsed(json, "loss", wish.loss, parseLossMeasure), false);
    if (const auto bits = json.find("bits_per_weight"); bits != json.end() && bits->is_number()) {
        wish.bitsPerWeight = bits->get<double>();
    }
    if (const auto probe = json.find("probe"); probe != json.end() && probe->is_string()) {
        wish.probe = QString::fromStdString(probe->get<std::string>());
    }
    if (const auto tied = json.find("tied"); tied != json.end() && tied->is_boolean()) {
        wish.tied = tied->get<bool>();
    }
    if (const auto locks = json.find("locks"); locks != json.end() && locks->is_object()) {
        for (const auto& [tensor, method] : locks->items()) {
            if (!method.is_string()) continue;
            wish.locks[QString::fromStdString(tensor)] =
                QString::fromStdString(method.get<std::string>());
        }
    }
    return wish;
}

struct PlanFeed::Given {
    RecordList records;
    PlanWish wish;
    std::filesystem::path folder;
    std::optional<AllocationPlan> shown;  ///< In place of what would be solved.
};

// Keeps what a moving budget leaves as it is. Of the worker's thread.
class PlanFeed::Solver {
public:
    // The plan; the curve only if it is known already.
    PlanAnswer solve(const Given& given, const std::stop_token& stop) {
        PlanAnswer answer;
        answer.wish = given.wish;
        try {
            takeRecords(given, stop);
            if (m_choices->empty()) return answer;
            answer.range = budgetRange(*m_choices);
            answer.canTie = !usualTies(*m_choices).empty();
            const AllocationRequest wanted = request(given.wish, answer.range);
            answer.hasCurve = m_curveWish == withoutBudget(given.wish);
            if (answer.hasCurve) answer.curve = m_curve;
            answer.choices = m_choices;
            answer.request = wanted;
            answer.plan = given.shown ? *given.shown : planAllocation(*m_choices, wanted);
            answer.plan->run = m_runId;
            answer.plan->folder = given.folder.string();
            answer.bars = buildPlan(*answer.plan, *m_choices, wanted.ties, m_families);
            answer.sensitivity =
                buildSensitivity(*m_choices, given.wish.probe.toStdString(), wanted.bitsPerWeight);
            answer.sensitivity.lossName = lossName(given.wish.loss);
            answer.sensitivity.family = familyOf(answer.sensitivity);
            answer.gains = m_gains;
            answer.curve.current =
                BudgetPoint{answer.plan->achievedBitsPerWeight, answer.plan->loss, {}};
        } catch (const Error& error) {
            answer.problem = QString::fromStdString(error.fullText());
        }
        return answer;
    }

    // To be called after solve() with the same wish.
    void solveCurve(const Given& given, const std::stop_token& stop) {
        m_curve = budgetCurveData(budgetCurve(
            *m_choices, request(given.wish, budgetRange(*m_choices)), curvePoints, stop));
        m_curve.lossName = lossName(given.wish.loss);
        m_curveWish = withoutBudget(given.wish);
    }

private:
    static PlanWish withoutBudget(PlanWish wish) {
        wish.bitsPerWeight.reset();
        wish.probe.clear();
        wish.searched = 0;
        return wish;
    }

    AllocationRequest request(const PlanWish& wish, const BudgetRange& range) const {
        AllocationRequest request;
        request.allocator = wish.allocator;
        request.bitsPerWeight = std::clamp(wish.bitsPerWeight.value_or(range.middle()),
                                           range.lowest(), range.highest());
        if (wish.tied) request.ties = usualTies(*m_choices);
        for (const auto& [tensor, method] : wish.locks) {
            const std::string name = tensor.toStdString();
            // Locks of other results wait until these are back.
            const auto known = std::ranges::find(*m_choices, name, &TensorChoices::tensor);
            if (known != m_choices->end()) request.locks.emplace_back(name, method.toStdString());
        }
        return request;
    }

    QString familyOf(const SensitivityData& data) const {
        if (data.bars.empty()) return {};
        const auto family = m_families.find(data.bars.front().trialId.toStdString());
        return family == m_families.end() ? QString() : QString::fromStdString(family->second);
    }

    void takeRecords(const Given& given, const std::stop_token& stop) {
        const LossMeasure loss = given.wish.loss;
        if (m_records && *m_records == given.records && m_loss == loss) return;
        m_records.reset();
        m_curveWish.reset();
        m_choices = std::make_shared<const std::vector<TensorChoices>>();
        m_families.clear();
        std::vector<TrialRecord> finished;
        for (const RecordPointer& record : given.records) {
            throwIfStopped(stop);
            if (record->failed()) continue;
            finished.push_back(*record);
            m_families[record->trialId] = record->method.id;
        }
        if (!finished.empty()) {
            // The order of the command line, whatever ended first.
            const RunInfo run = RunInfo::fromJson(readJsonFile(given.folder / "run.json"));
            m_runId = run.runId;
            m_choices = std::make_shared<const std::vector<TensorChoices>>(
                measuredChoices(inPlanOrder(std::move(finished), run), loss, {}));
        }
        m_gains = buildGains(given.records);
        m_loss = loss;
        m_records = given.records;
    }

    std::optional<RecordList> m_records;
    LossMeasure m_loss = LossMeasure::Weight;
    std::string m_runId;
    std::shared_ptr<const std::vector<TensorChoices>> m_choices =
        std::make_shared<const std::vector<TensorChoices>>();
    std::map<std::string, std::string> m_families;
    GainData m_gains;
    std::optional<PlanWish> m_curveWish;
    BudgetCurveData m_curve;
};

PlanFeed::PlanFeed(const ResultSet* results, const RunController* run, QObject* parent)
    : QObject(parent), m_results(results), m_run(run), m_solver(std::make_shared<Solver>()) {
    m_delay.setSingleShot(true);
    m_delay.setInterval(settleMs);
    connect(&m_delay, &QTimer::timeout, this, &PlanFeed::compute);
    connect(results, &ResultSet::changed, this, [this] {
        m_searched.clear();
        schedule();
    });
    connect(&m_worker, &LatestWorker::failed, this, [this](const Message& message) {
        m_answer = {};
        m_answer.problem = message.text();
        Q_EMIT changed();
    });
}

void PlanFeed::setWish(const PlanWish& wish) {
    if (wish == m_wish) return;
    m_wish = wish;
    Q_EMIT wishChanged();
    schedule();
}

void PlanFeed::edit(const QString& name, const PlanWish& after, const QString& mergeKey) {
    if (after == m_wish) return;
    PlanEdit edit{name, mergeKey, m_wish, after};
    const bool isOther = plannedBy(after) != plannedBy(m_wish);
    if (isOther && after.searched == m_wish.searched) edit.after.searched = 0;
    setWish(edit.after);
    Q_EMIT edited(edit);
}

void PlanFeed::show(const QString& name, const AllocationPlan& plan, PlanWish wish) {
    wish.searched = ++m_lastSearched;
    m_searched[wish.searched] = plan;
    edit(name, wish);
}

void PlanFeed::setWanted(bool wanted) {
    m_wanted = wanted;
    if (m_wanted && m_stale) schedule();
}

void PlanFeed::schedule() {
    m_stale = true;
    if (m_wanted && !m_delay.isActive()) m_delay.start();
}

void PlanFeed::compute() {
    m_stale = false;
    Given given{m_results->records(), m_wish, m_run->runFolder(), {}};
    const auto searched = m_searched.find(m_wish.searched);
    if (searched != m_searched.end()) given.shown = searched->second;
    m_worker.submit([solver = m_solver,
                     given](const std::stop_token& stop) { return solver->solve(given, stop); },
                    [this, given](PlanAnswer answer) {
                        // Until the new curve is there the old one stays.
                        if (answer.plan && !answer.hasCurve) {
                            const std::optional<BudgetPoint> current = answer.curve.current;
                            answer.curve = m_answer.curve;
                            answer.curve.current = current;
                        }
                        m_answer = std::move(answer);
                        Q_EMIT changed();
                        if (m_answer.plan && !m_answer.hasCurve) computeCurve(given);
                    });
}

// The plan is what is waited for; the curve takes many of them.
void PlanFeed::computeCurve(const Given& given) {
    m_worker.submit(
        [solver = m_solver, given](const std::stop_token& stop) {
            solver->solveCurve(given, stop);
            return solver->solve(given, stop);
        },
        [this](PlanAnswer answer) {
            m_answer = std::move(answer);
            Q_EMIT changed();
        });
}

}  // namespace quantscope
