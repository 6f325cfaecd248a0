// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/trial_runner.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <new>

#include "core/base/error.h"
#include "core/base/natural_order.h"
#include "core/io/artifact_file.h"
#include "core/metrics/recall.h"
#include "core/metrics/trial_metrics.h"

namespace quantscope {

namespace {

// Shares of the progress bar; encoding is nearly always what takes long.
constexpr double quantized = 0.9;
constexpr double measured = 0.95;

bool isWanted(const std::vector<std::string>& metrics, const char* id) {
    return metrics.empty() || std::ranges::find(metrics, id) != metrics.end();
}

TrialRecord blankRecord(const Trial& trial) {
    TrialRecord record;
    record.trialId = trial.id;
    record.tensor = trial.tensor;
    record.methodText = trial.methodText;
    record.method = trial.method;
    record.fold = trial.fold;
    record.shape = trial.shape;
    record.rows = trial.rows;
    record.cols = trial.cols;
    record.normalized = trial.normalized;
    record.seed = trial.seed;
    record.warnings = trial.preflight.warnings;
    return record;
}

// Collects what training tells; see RunContext::ObjectiveFunction.
class TrainingLog {
public:
    void add(const std::string& series, double value) {
        const std::lock_guard lock(m_mutex);
        m_curves[series].push_back(value);
    }

    std::vector<TrainingCurve> curves() const {
        const std::lock_guard lock(m_mutex);
        std::vector<TrainingCurve> result;
        for (const auto& [name, values] : m_curves)
            result.push_back({name, values});
        std::ranges::sort(result, naturalLess, &TrainingCurve::name);
        return result;
    }

private:
    mutable std::mutex m_mutex;
    std::map<std::string, std::vector<double>> m_curves;
};

void measureRecall(TrialRecord& record, const QuantizedTensor& tensor, const SearchTask& task,
                   const RunContext& context) {
    try {
        const Recall recall = recallAt(tensor, task.queries.view(), task.neighbors,
                                       task.neighborsPerQuery, recallNeighbors, context);
        record.metrics.recallAt10 = recall.atK;
        record.metrics.nearestIn10 = recall.nearestInK;
    } catch (const Error& error) {
        // What was quantized and measured until here is right all the same.
        record.warnings.push_back("Recall was not measured: " + error.fullText());
    }
}

void warnOfNegativeLoss(TrialRecord& record) {
    const double error = record.metrics.hessianError.value_or(0.0);
    const double energy = record.metrics.hessianEnergy.value_or(0.0);
    if (error >= 0.0 && energy >= 0.0) return;
    record.warnings.push_back(
        "The layer's error is negative, which no Hessian of real inputs gives: it is not positive "
        "semidefinite. Compute it again from the layer's inputs.");
}

// The reconstruction values when every weight is rounded to one of the same few.
std::vector<float> commonLevels(const std::vector<Codebook>& codebooks) {
    if (codebooks.size() != 1 || codebooks.front().dim != 1) return {};
    return codebooks.front().codewords;
}

void fillRecord(TrialRecord& record, const TrialInputs& inputs, const MethodRegistry& registry,
                const std::vector<std::string>& metrics, const RunContext& context,
                std::shared_ptr<const QuantizedTensor>* kept) {
    const auto quantizer = registry.quantizer(record.method);
    TrainingLog log;
    const RunContext logged =
        context.part(0.0, quantized, 0).withObjective([&](const std::string& series, double value) {
            log.add(series, value);
        });
    const auto tensor = std::make_shared<const QuantizedTensor>(
        quantizer->quantize(*inputs.source, inputs.side, logged, record.seconds), registry);
    context.throwIfStopped();
    record.training = log.curves();
    record.rate = tensor->rate();
    record.headerBytes = headerBytes(tensor->encoded());
    const Json& header = tensor->encoded().header;
    record.details = header.value("details", Json::object());
    for (const Json& remark : header.value("remarks", Json::array()))
        record.warnings.push_back(remark.get<std::string>());
    SideInformation side = inputs.side;
    if (!isWanted(metrics, "hessian_error")) side.hessian.reset();
    record.metrics = measure(*inputs.source, *tensor, side, context.part(quantized, measured, 1),
                             record.seconds);
    if (inputs.search) {
        measureRecall(record, *tensor, *inputs.search, context.part(measured, 1.0, 2));
    }
    warnOfNegativeLoss(record);
    if (record.metrics.weightEnergy == 0.0) {
        record.warnings.push_back("All weights are 0, so nothing can be lost.");
    }
    if (!metrics.empty()) record.metrics = record.metrics.only(metrics);
    record.codebooks = tensor->codebooks();
    record.levels = commonLevels(record.codebooks);
    for (Codebook& codebook : record.codebooks)
        codebook.codewords.clear();
    if (kept != nullptr) *kept = tensor;
}

}  // namespace

TrialRecord runTrial(const Trial& trial, const TrialInputs& inputs, const MethodRegistry& registry,
                     const std::vector<std::string>& metrics, const RunContext& context,
                     std::shared_ptr<const QuantizedTensor>* kept) {
    if (!trial.preflight.refusal.empty()) return failedTrial(trial, trial.preflight.refusal);
    try {
        TrialRecord record = blankRecord(trial);
        fillRecord(record, inputs, registry, metrics, context, kept);
        return record;
    } catch (const Error& error) {
        return failedTrial(trial, error.fullText());
    } catch (const std::bad_alloc&) {
        return failedTrial(trial, "There was not enough memory.");
    } catch (const Cancelled&) {
        throw;
    } catch (const std::exception& error) {
        return failedTrial(trial, std::string("An unexpected fault: ") + error.what() + ".");
    }
}

TrialRecord failedTrial(const Trial& trial, const std::string& reason) {
    TrialRecord record = blankRecord(trial);
    record.error = reason;
    return record;
}

}  // namespace quantscope
