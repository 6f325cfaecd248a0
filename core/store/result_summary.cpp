// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/result_summary.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/metrics/combined_metrics.h"

namespace quantscope {

namespace {

using Group = std::vector<const TrialRecord*>;

std::vector<Group> groupsByMethod(std::span<const TrialRecord> records) {
    std::vector<Group> groups;
    std::map<std::string, std::size_t> places;
    for (const TrialRecord& record : records) {
        const auto [place, isNew] = places.emplace(record.methodText, groups.size());
        if (isNew) groups.emplace_back();
        groups[place->second].push_back(&record);
    }
    return groups;
}

double bitsPerElement(const Group& group, const RunInfo& run) {
    std::map<std::string, double> quantizedBits;
    for (const TrialRecord* record : group) {
        if (record->failed()) continue;
        quantizedBits[record->tensor] = static_cast<double>(record->rate.totalBits());
    }
    std::map<std::string, double> replaced;  // Bits by the first name of the data.
    for (const FileTensor& tensor : run.tensors) {
        const auto found = quantizedBits.find(tensor.name);
        if (found == quantizedBits.end()) continue;
        replaced.emplace(tensor.sameAs.empty() ? tensor.name : tensor.sameAs, found->second);
    }
    double bits = 0.0;
    double elements = 0.0;
    for (const FileTensor& tensor : run.tensors) {
        if (!tensor.sameAs.empty()) continue;
        const auto count = static_cast<double>(tensor.elements);
        const auto found = replaced.find(tensor.name);
        elements += count;
        bits += found == replaced.end() ? count * tensor.bitsPerElement : found->second;
    }
    return elements > 0.0 ? bits / elements : 0.0;
}

}  // namespace

std::vector<TrialRecord> inPlanOrder(std::vector<TrialRecord> records, const RunInfo& run) {
    std::unordered_map<std::string, std::size_t> places;
    for (const std::string& id : run.trials)
        places.emplace(id, places.size());
    std::ranges::stable_sort(records, {}, [&](const TrialRecord& record) {
        const auto place = places.find(record.trialId);
        return place == places.end() ? places.size() : place->second;
    });
    return records;
}

MethodSummary summarizeMethod(std::span<const TrialRecord* const> records) {
    MethodSummary summary;
    summary.methodText = records.front()->methodText;
    std::vector<MeasuredTensor> measured;
    for (const TrialRecord* record : records) {
        if (record->failed()) {
            ++summary.failed;
            continue;
        }
        ++summary.tensors;
        summary.weights += record->weights();
        summary.rate += record->rate;
        summary.seconds.train += record->seconds.train;
        summary.seconds.encode += record->seconds.encode;
        summary.seconds.decode += record->seconds.decode;
        measured.push_back(
            {&record->metrics, record->weights(), static_cast<double>(record->rate.totalBits())});
    }
    summary.bitsPerWeight = summary.rate.bitsPerWeight(summary.weights);
    summary.metrics = combineMetrics(measured);
    return summary;
}

std::vector<MethodInFile> summarizeMethods(std::span<const TrialRecord> records,
                                           const RunInfo& run) {
    std::vector<MethodInFile> methods;
    for (const Group& group : groupsByMethod(records))
        methods.push_back({summarizeMethod(group), bitsPerElement(group, run)});
    return methods;
}

}  // namespace quantscope
