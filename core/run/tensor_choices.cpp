// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/tensor_choices.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

struct NamedMeasure {
    const char* text;
    LossMeasure measure;
};
constexpr std::array measures = {
    NamedMeasure{"auto", LossMeasure::Automatic}, NamedMeasure{"output", LossMeasure::Output},
    NamedMeasure{"weight", LossMeasure::Weight}, NamedMeasure{"relative", LossMeasure::Relative}};

[[noreturn]] void lacks(const TrialRecord& record, const char* what, const char* remedy) {
    throw Error("The result of " + record.methodText + " on " + printableText(record.tensor) +
                    " has no " + what + ".",
                remedy);
}

double lossOf(const TrialRecord& record, LossMeasure measure) {
    const TrialMetrics& metrics = record.metrics;
    if (measure == LossMeasure::Output) {
        if (!metrics.hessianError || !metrics.hessianEnergy) {
            lacks(record, "Hessian error",
                  "Run the experiment with Hessians, or choose the loss 'weight'.");
        }
        return *metrics.hessianError * *metrics.hessianEnergy;
    }
    if (!metrics.nmse || !metrics.weightEnergy) {
        lacks(record, "NMSE", "Run the experiment with the metric nmse.");
    }
    if (measure == LossMeasure::Relative)
        return *metrics.nmse * static_cast<double>(record.weights());
    return *metrics.nmse * *metrics.weightEnergy;
}

void sortOptions(TensorChoices& choices) {
    std::ranges::stable_sort(choices.options, [](const TensorOption& a, const TensorOption& b) {
        return a.bits != b.bits ? a.bits < b.bits : a.loss < b.loss;
    });
}

}  // namespace

LossMeasure usualMeasure(LossMeasure measure, bool weighedByModel) {
    const bool isWeight = measure == LossMeasure::Automatic && !weighedByModel;
    return isWeight ? LossMeasure::Weight : measure;
}

LossMeasure measureOf(std::span<const TrialRecord> records, LossMeasure measure) {
    if (measure != LossMeasure::Automatic) return measure;
    const bool known = std::ranges::all_of(records, [](const TrialRecord& record) {
        return record.failed() || record.metrics.hessianEnergy.has_value();
    });
    return known ? LossMeasure::Output : LossMeasure::Weight;
}

LossMeasure parseLossMeasure(const std::string& text) {
    const auto found = std::ranges::find(measures, text, &NamedMeasure::text);
    if (found != measures.end()) return found->measure;
    std::vector<std::string> names;
    for (const NamedMeasure& entry : measures)
        names.emplace_back(entry.text);
    const std::string near = nearestWord(text, names);
    throw Error("The loss '" + text + "' is unknown.",
                (near.empty() ? "" : "Did you mean " + near + "? ") +
                    std::string("Choose auto, output, weight or relative."));
}

std::string lossMeasureText(LossMeasure measure) {
    return std::ranges::find(measures, measure, &NamedMeasure::measure)->text;
}

std::vector<TensorChoices> measuredChoices(std::span<const TrialRecord> records,
                                           LossMeasure measure,
                                           const std::map<std::string, double>& sensitivities) {
    measure = measureOf(records, measure);
    std::vector<TensorChoices> result;
    for (const TrialRecord& record : records) {
        if (record.failed()) continue;
        auto place = std::ranges::find(result, record.tensor, &TensorChoices::tensor);
        if (place == result.end()) {
            result.push_back({record.tensor, record.weights(), {}, record.cols});
            place = std::prev(result.end());
        }
        const auto sensitivity = sensitivities.find(record.tensor);
        const double factor = sensitivity == sensitivities.end() ? 1.0 : sensitivity->second;
        const double loss = factor * lossOf(record, measure);
        if (!std::isfinite(loss)) continue;
        place->options.push_back(
            {record.methodText, record.trialId, record.rate.totalBits(), loss});
    }
    std::erase_if(result, [](const TensorChoices& choices) { return choices.options.empty(); });
    if (result.empty()) {
        throw Error("The run has no results to choose from.", "Finish it first, with --resume.");
    }
    std::ranges::for_each(result, sortOptions);
    return result;
}

}  // namespace quantscope
