// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/trade_off_builder.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "app/models/distinct_names.h"
#include "app/models/plot_builders.h"
#include "core/base/text.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

using Group = std::vector<const TrialRecord*>;

// Of SQNR on the bound: 20 log10(2).
constexpr double decibelsPerBit = 6.020599913279624;

std::vector<const TrialRecord*> shownRecords(const RecordList& records,
                                             const TradeOffOptions& options, int& failed) {
    std::vector<const TrialRecord*> shown;
    for (const RecordPointer& record : records) {
        if (!options.tensors.isEmpty() &&
            !options.tensors.contains(QString::fromStdString(record->tensor))) {
            continue;
        }
        if (record->failed()) {
            ++failed;
        } else {
            shown.push_back(record.get());
        }
    }
    return shown;
}

TradeOffPoint pointOf(const TrialRecord& record, double value) {
    TradeOffPoint point;
    point.trialId = QString::fromStdString(record.trialId);
    point.tensor = QString::fromStdString(record.tensor);
    point.method = QString::fromStdString(record.methodText);
    point.family = QString::fromStdString(record.method.id);
    point.bitsPerWeight = record.bitsPerWeight();
    point.value = value;
    point.details = trialDetails(record);
    point.members = QStringList{point.trialId};
    return point;
}

TradeOffPoint totalPoint(const Group& group, const MethodSummary& summary, double value) {
    TradeOffPoint point = pointOf(*group.front(), value);
    point.tensor = QStringLiteral("%1 tensors").arg(group.size());
    point.bitsPerWeight = summary.bitsPerWeight;
    point.members.clear();
    for (const TrialRecord* record : group) {
        point.members << QString::fromStdString(record->trialId);
    }
    point.details = QStringLiteral("%1\n%2\n%3 weights, %4 bits per weight")
                        .arg(point.method, point.tensor)
                        .arg(static_cast<qlonglong>(summary.weights))
                        .arg(QString::fromStdString(formatSignificant(point.bitsPerWeight)));
    return point;
}

std::size_t tensorCount(const Group& group) {
    std::set<std::string> tensors;
    for (const TrialRecord* record : group)
        tensors.insert(record->tensor);
    return tensors.size();
}

void addTotals(TradeOffData& data, const Group& records, const std::string& metric) {
    std::map<std::string, Group> methods;
    for (const TrialRecord* record : records)
        methods[record->methodText].push_back(record);
    const std::size_t tensors = tensorCount(records);
    int incomplete = 0;
    for (const auto& [text, group] : methods) {
        const bool measured = std::ranges::all_of(group, [&](const TrialRecord* record) {
            return record->metrics.value(metric).has_value();
        });
        const MethodSummary summary = summarizeMethod(group);
        const std::optional<double> value = summary.metrics.value(metric);
        if (group.size() == tensors && measured && value) {
            data.points.push_back(totalPoint(group, summary, *value));
        } else {
            ++incomplete;
        }
    }
    if (incomplete > 0) {
        data.remarks.push_back(
            QStringLiteral("%1 methods lack a result on some of the %2 tensors and are not shown")
                .arg(incomplete)
                .arg(tensors));
    }
}

void addTrials(TradeOffData& data, const Group& records, const std::string& metric) {
    int unmeasured = 0;
    for (const TrialRecord* record : records) {
        const std::optional<double> value = record->metrics.value(metric);
        if (value) {
            data.points.push_back(pointOf(*record, *value));
        } else {
            ++unmeasured;
        }
    }
    if (unmeasured > 0) {
        data.remarks.push_back(QStringLiteral("%1 does not apply to %2 trials")
                                   .arg(QString::fromUtf8(data.metric.name.data()))
                                   .arg(unmeasured));
    }
}

// An axis has no place for them; they are lossless (SQNR) or lost everything (NMSE of zeros).
void removeInfinite(TradeOffData& data) {
    const auto removed = std::erase_if(
        data.points, [](const TradeOffPoint& point) { return !std::isfinite(point.value); });
    if (removed > 0) {
        data.remarks.push_back(
            QStringLiteral("%1 points with an infinite value are not shown").arg(removed));
    }
}

TradeOffLine lineThrough(const QString& name, std::vector<const TradeOffPoint*> points) {
    std::ranges::sort(points, [](const TradeOffPoint* a, const TradeOffPoint* b) {
        return a->bitsPerWeight < b->bitsPerWeight;
    });
    TradeOffLine line{name, {}, {}};
    for (const TradeOffPoint* point : points) {
        line.bitsPerWeight.push_back(point->bitsPerWeight);
        line.values.push_back(point->value);
    }
    return line;
}

// Figures that compare with a bound at the same rate say nothing of two points at different rates;
// these are compared by the SQNR they stand for, up to a factor.
bool isRelativeToBound(const MetricInfo& metric) {
    return metric.id == "gaussian_gap_db" || metric.id == "shannon_percent";
}

double comparedValue(const TradeOffPoint& point, const MetricInfo& metric) {
    if (metric.id == "gaussian_gap_db") return decibelsPerBit * point.bitsPerWeight - point.value;
    return metric.id == "shannon_percent" ? point.value * point.bitsPerWeight : point.value;
}

std::vector<bool> frontOf(const std::vector<const TradeOffPoint*>& points,
                          const MetricInfo& metric) {
    std::vector<double> bits;
    std::vector<double> values;
    for (const TradeOffPoint* point : points) {
        bits.push_back(point->bitsPerWeight);
        values.push_back(comparedValue(*point, metric));
    }
    return paretoFront(bits, values, isRelativeToBound(metric) ? Better::Higher : metric.better);
}

std::vector<const TradeOffPoint*> onFront(const std::vector<const TradeOffPoint*>& points,
                                          const MetricInfo& metric) {
    const std::vector<bool> front = frontOf(points, metric);
    std::vector<const TradeOffPoint*> chosen;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (front[i]) chosen.push_back(points[i]);
    }
    return chosen;
}

// Points that may be compared with each other: those of one tensor, or all totals.
std::map<QString, std::vector<TradeOffPoint*>> comparable(TradeOffData& data) {
    std::map<QString, std::vector<TradeOffPoint*>> groups;
    for (TradeOffPoint& point : data.points)
        groups[point.tensor].push_back(&point);
    return groups;
}

std::set<std::string> tensorsOf(const TradeOffData& data) {
    std::set<std::string> tensors;
    for (const TradeOffPoint& point : data.points)
        tensors.insert(point.tensor.toStdString());
    return tensors;
}

void addFronts(TradeOffData& data) {
    const auto groups = comparable(data);
    const std::map<std::string, std::string> labels = distinctNames(tensorsOf(data));
    for (const auto& [tensor, points] : groups) {
        const std::vector<const TradeOffPoint*> all(points.begin(), points.end());
        const std::vector<bool> front = frontOf(all, data.metric);
        for (std::size_t i = 0; i < points.size(); ++i)
            points[i]->onFront = front[i];
        const QString name = groups.size() == 1
                                 ? QStringLiteral("Pareto front")
                                 : QString::fromStdString(labels.at(tensor.toStdString()));
        data.fronts.push_back(lineThrough(name, onFront(all, data.metric)));
    }
}

void addGaussianBound(TradeOffData& data) {
    if (data.metric.id != "nmse" && data.metric.id != "sqnr_db") return;
    double mostBits = 1.0;
    for (const TradeOffPoint& point : data.points) {
        mostBits = std::max(mostBits, point.bitsPerWeight);
    }
    constexpr int steps = 64;
    TradeOffLine bound{QStringLiteral("Gaussian bound (6.02 dB per bit)"), {}, {}};
    for (int i = 0; i <= steps; ++i) {
        const double bits = mostBits * i / steps;
        bound.bitsPerWeight.push_back(bits);
        bound.values.push_back(data.metric.id == "nmse" ? std::pow(4.0, -bits)
                                                        : decibelsPerBit * bits);
    }
    data.bounds.push_back(std::move(bound));
}

QString baselineName(const MethodSpec& method) {
    const auto granularity = method.parameters.value("granularity", std::string("tensor"));
    if (granularity != "group") {
        return QStringLiteral("Uniform scalar, per %1").arg(QString::fromStdString(granularity));
    }
    const Json group = method.parameters.value("group", Json());
    return QStringLiteral("Uniform scalar, groups of %1").arg(QString::fromStdString(group.dump()));
}

bool isUniformScalar(const MethodSpec& method) {
    return method.id == "scalar" &&
           method.parameters.value("levels", std::string("uniform")) == "uniform";
}

// The best uniform scalar trials of each granularity, whatever their other parameters.
void addBaselines(TradeOffData& data, const Group& records) {
    std::map<std::string, const MethodSpec*> methods;
    for (const TrialRecord* record : records)
        methods[record->methodText] = &record->method;
    const auto groups = comparable(data);
    for (const auto& [tensor, points] : groups) {
        std::map<QString, std::vector<const TradeOffPoint*>> baselines;
        for (const TradeOffPoint* point : points) {
            const MethodSpec& method = *methods.at(point->method.toStdString());
            if (isUniformScalar(method)) baselines[baselineName(method)].push_back(point);
        }
        for (const auto& [name, members] : baselines) {
            data.baselines.push_back(lineThrough(name, onFront(members, data.metric)));
        }
    }
}

}  // namespace

std::vector<bool> paretoFront(const std::vector<double>& bitsPerWeight,
                              const std::vector<double>& values, Better better) {
    const double sign = better == Better::Lower ? 1.0 : -1.0;
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {},
                      [&](std::size_t i) { return std::pair(bitsPerWeight[i], sign * values[i]); });
    std::vector<bool> front(values.size(), false);
    double best = std::numeric_limits<double>::infinity();
    double bestBits = 0.0;
    for (const std::size_t i : order) {
        const double value = sign * values[i];
        const bool equalToBest = value == best && bitsPerWeight[i] == bestBits;
        if (value < best || equalToBest) {
            front[i] = true;
            best = value;
            bestBits = bitsPerWeight[i];
        }
    }
    return front;
}

RecordPointer tellingRecord(const RecordList& records, const std::string& tensor) {
    RecordPointer largest;
    for (const RecordPointer& record : records) {
        if (record->failed()) continue;
        // A tensor that was asked for counts as larger than any other.
        const auto size = [&](const TrialRecord& r) {
            return std::pair(r.tensor == tensor, r.weights());
        };
        if (!largest || size(*record) > size(*largest)) largest = record;
    }
    if (!largest) return nullptr;
    RecordList candidates;
    std::vector<double> bits;
    std::vector<double> values;
    for (const RecordPointer& record : records) {
        if (record->failed() || record->tensor != largest->tensor) continue;
        const double sqnrDb = record->metrics.sqnrDb.value_or(NAN);
        if (!std::isfinite(sqnrDb)) continue;
        candidates.push_back(record);
        bits.push_back(record->bitsPerWeight());
        values.push_back(sqnrDb);
    }
    const std::vector<bool> onFront = paretoFront(bits, values, Better::Higher);
    RecordList front;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (onFront[i]) front.push_back(candidates[i]);
    }
    if (front.empty()) return largest;
    std::ranges::stable_sort(front, {}, [](const RecordPointer& r) { return r->bitsPerWeight(); });
    return front[(front.size() - 1) / 2];
}

TradeOffData buildTradeOff(const RecordList& records, const TradeOffOptions& options) {
    TradeOffData data;
    const std::string metric = options.metric.toStdString();
    data.metric = metricInfo(metric);
    int failed = 0;
    const Group shown = shownRecords(records, options, failed);
    // A method's total over one tensor is its trial, with all that is known of it.
    if (options.aggregate && tensorCount(shown) > 1) {
        addTotals(data, shown, metric);
    } else {
        addTrials(data, shown, metric);
    }
    removeInfinite(data);
    addFronts(data);
    addGaussianBound(data);
    addBaselines(data, shown);
    if (failed > 0) {
        data.remarks.push_back(failed == 1
                                   ? QStringLiteral("1 failed trial is not shown")
                                   : QStringLiteral("%1 failed trials are not shown").arg(failed));
    }
    return data;
}

}  // namespace quantscope
