// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/result_summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

namespace quantscope {

namespace {

/// Errors of several tensors and what they are relative to.
class EnergyRatio {
public:
    /// `ratio` = error / reference; `error` is needed where the reference is 0.
    void add(double ratio, double reference, double error) {
        m_error += reference > 0.0 ? ratio * reference : error;
        m_reference += reference;
        m_used = true;
    }
    std::optional<double> value() const {
        if (!m_used) return std::nullopt;
        if (m_reference > 0.0) return m_error / m_reference;
        return m_error > 0.0 ? INFINITY : 0.0;
    }

private:
    double m_error = 0.0;
    double m_reference = 0.0;
    bool m_used = false;
};

class Summarizer {
public:
    explicit Summarizer(const std::string& methodText) { m_summary.methodText = methodText; }

    void add(const TrialRecord& record) {
        if (record.failed()) {
            ++m_summary.failed;
            return;
        }
        ++m_summary.tensors;
        m_summary.weights += record.weights();
        m_summary.rate += record.rate;
        m_summary.seconds.train += record.seconds.train;
        m_summary.seconds.encode += record.seconds.encode;
        m_summary.seconds.decode += record.seconds.decode;
        m_quantized.insert(record.tensor);
        const TrialMetrics& m = record.metrics;
        if (m.nmse && m.weightEnergy) {
            const double error = m.mse.value_or(0.0) * static_cast<double>(record.weights());
            m_weightError.add(*m.nmse, *m.weightEnergy, error);
        }
        if (m.hessianError && m.hessianEnergy) {
            m_hessianError.add(*m.hessianError, *m.hessianEnergy, 0.0);
        }
    }

    MethodSummary summary(const RunInfo& run) const {
        MethodSummary summary = m_summary;
        summary.bitsPerWeight = summary.rate.bitsPerWeight(summary.weights);
        summary.nmse = m_weightError.value();
        if (summary.nmse) summary.sqnrDb = -10.0 * std::log10(*summary.nmse);
        summary.hessianError = m_hessianError.value();
        summary.fileBitsPerWeight = fileBitsPerWeight(run);
        return summary;
    }

private:
    double fileBitsPerWeight(const RunInfo& run) const {
        auto bits = static_cast<double>(m_summary.rate.totalBits());
        double elements = 0.0;
        for (const FileTensor& tensor : run.tensors) {
            const auto count = static_cast<double>(tensor.elements);
            elements += count;
            if (!m_quantized.contains(tensor.name)) bits += count * tensor.bitsPerElement;
        }
        return elements > 0.0 ? bits / elements : 0.0;
    }

    MethodSummary m_summary;
    EnergyRatio m_weightError;
    EnergyRatio m_hessianError;
    std::set<std::string> m_quantized;
};

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

std::vector<MethodSummary> summarizeMethods(std::span<const TrialRecord> records,
                                            const RunInfo& run) {
    std::vector<Summarizer> methods;
    std::map<std::string, std::size_t> places;
    for (const TrialRecord& record : records) {
        const auto [place, isNew] = places.emplace(record.methodText, methods.size());
        if (isNew) methods.emplace_back(record.methodText);
        methods[place->second].add(record);
    }
    std::vector<MethodSummary> summaries;
    for (const Summarizer& method : methods)
        summaries.push_back(method.summary(run));
    return summaries;
}

}  // namespace quantscope
