// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/plan_feed.h"

#include <algorithm>
#include <cmath>

#include "app/jobs/run_controller.h"
#include "app/models/result_set.h"
#include "core/base/error.h"

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

}  // namespace

Json PlanWish::toJson() const {
    Json json{{"allocator", allocatorText(allocator)},
              {"loss", lossMeasureText(loss)},
              {"tied", tied},
              {"locks", Json::object()}};
    if (bitsPerWeight) json["bits_per_weight"] = *bitsPerWeight;
    for (const auto& [tensor, method] : locks)
        json["locks"][tensor.toStdString()] = method.toStdString();
    return json;
}

PlanWish PlanWish::fromJson(const Json& json) {
    PlanWish wish;
    if (!json.is_object()) return wish;
    wish.allocator = parsed(json, "allocator", wish.allocator, parseAllocator);
    wish.loss = usualMeasure(parsed(json, "loss", wish.loss, parseLossMeasure), false);
    if (const auto bits = json.find("bits_per_weight"); bits != json.end() && bits->is_number()) {
        wish.bitsPerWeight = bits->get<double>();
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

// Keeps what a moving budget leaves as it is.
class PlanFeed::Solver {
public:
    PlanAnswer solve(const RecordList& records, const PlanWish& wish, const std::stop_token& stop) {
        PlanAnswer answer;
        try {
            takeRecords(records, wish.loss);
            if (m_choices.empty()) return answer;
            answer.range = budgetRange(m_choices);
            const auto ties = usualTies(m_choices);
            answer.canTie = !ties.empty();
            AllocationRequest request;
            request.allocator = wish.allocator;
            // To a tenth of a bit, as somebody would say it.
            const double middle = 0.5 * (answer.range.least + answer.range.most);
            request.bitsPerWeight = wish.bitsPerWeight.value_or(std::round(10.0 * middle) / 10.0);
            if (wish.tied) request.ties = ties;
            for (const auto& [tensor, method] : wish.locks) {
                const std::string name = tensor.toStdString();
                // Locks of other results wait until these are back.
                const auto known = std::ranges::find(m_choices, name, &TensorChoices::tensor);
                if (known != m_choices.end()) {
                    request.locks.emplace_back(name, method.toStdString());
                }
            }
            takeCurve(wish, request, stop);
            answer.curve = m_curve;
            answer.plan = planAllocation(m_choices, request);
            answer.bars = buildPlan(*answer.plan, m_choices, m_families);
            answer.curve.current =
                BudgetPoint{answer.plan->achievedBitsPerWeight, answer.plan->loss, {}};
        } catch (const Error& error) {
            answer.problem = QString::fromStdString(error.fullText());
        }
        return answer;
    }

private:
    void takeRecords(const RecordList& records, LossMeasure loss) {
        if (m_records && *m_records == records && m_loss == loss) return;
        m_records.reset();
        m_curveWish.reset();
        m_choices.clear();
        m_families.clear();
        std::vector<TrialRecord> finished;
        for (const RecordPointer& record : records) {
            if (record->failed()) continue;
            finished.push_back(*record);
            m_families[record->trialId] = record->method.id;
        }
        if (!finished.empty()) {
            m_choices = measuredChoices(finished, loss, {});
        }
        m_loss = loss;
        m_records = records;
    }

    void takeCurve(const PlanWish& wish, const AllocationRequest& request,
                   const std::stop_token& stop) {
        PlanWish anyBudget = wish;
        anyBudget.bitsPerWeight.reset();
        if (m_curveWish == anyBudget) return;
        m_curve = buildBudgetCurve(m_choices, request, curvePoints, stop);
        m_curve.lossName = lossName(wish.loss);
        m_curveWish = anyBudget;
    }

    std::optional<RecordList> m_records;
    LossMeasure m_loss = LossMeasure::Weight;
    std::vector<TensorChoices> m_choices;
    std::map<std::string, std::string> m_families;
    std::optional<PlanWish> m_curveWish;
    BudgetCurveData m_curve;
};

PlanFeed::PlanFeed(const ResultSet* results, const RunController* run, QObject* parent)
    : QObject(parent), m_results(results), m_run(run), m_solver(std::make_shared<Solver>()) {
    m_delay.setSingleShot(true);
    m_delay.setInterval(settleMs);
    connect(&m_delay, &QTimer::timeout, this, &PlanFeed::compute);
    connect(results, &ResultSet::changed, this, &PlanFeed::schedule);
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
    const std::filesystem::path& folder = m_run->runFolder();
    m_worker.submit(
        [solver = m_solver, records = m_results->records(), wish = m_wish,
         run = folder.filename().string(), folder = folder.string()](const std::stop_token& stop) {
            PlanAnswer answer = solver->solve(records, wish, stop);
            if (answer.plan) {
                answer.plan->run = run;
                answer.plan->folder = folder;
            }
            return answer;
        },
        [this](PlanAnswer answer) {
            m_answer = std::move(answer);
            Q_EMIT changed();
        });
}

}  // namespace quantscope
