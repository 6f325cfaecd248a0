// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/model_judge.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "core/base/content_hash.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/model/evaluation.h"
#include "core/run/artifact_choice.h"
#include "core/run/decoded_results.h"
#include "core/run/model_override.h"
#include "core/run/quantized_model.h"
#include "core/store/result_store.h"

namespace quantscope {

namespace {

// For decoded results, in bytes, if the machine has them.
constexpr std::uint64_t resultMemory = std::uint64_t{1} << 30;

EvaluationRecord recordOf(const JudgedSetting& setting, const JudgeRequest& request,
                          const std::string& tokensFingerprint, const Evaluation& evaluation) {
    EvaluationRecord record;
    record.id = evaluationId(setting, tokensFingerprint);
    record.kind = setting.kind;
    record.label = setting.label;
    record.family = setting.family;
    record.bitsPerWeight = setting.bitsPerWeight;
    record.tensors = setting.trials.size() + setting.artifacts.size();
    record.tokens = std::filesystem::absolute(request.tokens).lexically_normal().string();
    record.tokensFingerprint = tokensFingerprint;
    record.predictions = evaluation.predictions;
    record.perplexity = evaluation.perplexity;
    record.standardError = evaluation.standardError;
    record.divergence = evaluation.divergence;
    record.divergenceError = evaluation.divergenceError;
    return record;
}

// The settings that are not judged yet, the model as it is before all others.
std::vector<JudgedSetting> toJudge(const JudgeRequest& request, const std::string& fingerprint) {
    std::set<std::string> known;
    for (const EvaluationRecord& record : readEvaluations(request.folder))
        known.insert(record.id);
    std::vector<JudgedSetting> settings = {JudgedSetting()};
    settings.insert(settings.end(), request.settings.begin(), request.settings.end());
    std::erase_if(settings, [&](const JudgedSetting& setting) {
        return !known.insert(evaluationId(setting, fingerprint)).second;
    });
    return settings;
}

// Others would be judged with more or less replaced than this.
void refuseOtherTensors(const JudgedSetting& setting, const std::vector<std::string>& replaced,
                        const std::set<std::string>& tensors) {
    if (std::set<std::string>(replaced.begin(), replaced.end()) == tensors) return;
    throw Error("'" + printableText(setting.label) + "' replaces " +
                    std::to_string(replaced.size()) + " tensors, and not the " +
                    std::to_string(tensors.size()) + " that the run quantized.",
                "Give artifacts of exactly these tensors, or judge them with `evaluate`.");
}

std::set<std::string> tensorsOfRun(const std::filesystem::path& folder) {
    std::set<std::string> tensors;
    for (const TrialRecord& record : ResultStore::open(folder)->records()) {
        if (!record.failed()) tensors.insert(record.tensor);
    }
    return tensors;
}

// Puts artifacts into a model and counts their bits.
LanguageModel modelWithArtifacts(JudgedSetting& setting, const LanguageModel& model,
                                 const JudgeRequest& request, const MethodRegistry& registry,
                                 const RunContext& context) {
    LanguageModel changed = model;
    ModelOverride replaced;
    for (const std::filesystem::path& path : setting.artifacts) {
        context.throwIfStopped();
        replaced.add(overrideTensors(changed, path, registry, {{}, request.prober},
                                     context.withProgress({})));
    }
    refuseOtherTensors(setting, replaced.tensors, tensorsOfRun(request.folder));
    setting.bitsPerWeight = replaced.rate.bitsPerWeight(replaced.codedWeights);
    return changed;
}

}  // namespace

std::vector<JudgedSetting> methodSettings(std::span<const TrialRecord> records) {
    std::set<std::string> tensors;
    std::vector<JudgedSetting> settings;
    std::map<std::string, std::pair<double, double>> bitsAndWeights;
    for (const TrialRecord& record : records) {
        if (record.failed()) continue;
        tensors.insert(record.tensor);
        auto setting = std::ranges::find(settings, record.methodText, &JudgedSetting::label);
        if (setting == settings.end()) {
            settings.push_back(
                {EvaluationRecord::Kind::Method, record.methodText, record.method.id, {}, 0.0});
            setting = std::prev(settings.end());
        }
        setting->trials.push_back(record.trialId);
        auto& [bits, weights] = bitsAndWeights[record.methodText];
        bits += static_cast<double>(record.rate.totalBits());
        weights += static_cast<double>(record.weights());
        setting->bitsPerWeight = bits / weights;
    }
    std::erase_if(settings, [&](const JudgedSetting& setting) {
        return setting.trials.size() != tensors.size();
    });
    return settings;
}

JudgedSetting planSetting(const AllocationPlan& plan) {
    JudgedSetting setting;
    setting.kind = EvaluationRecord::Kind::Plan;
    setting.label =
        "plan (" + plan.allocator + ") for " + formatNumber(plan.requestedBitsPerWeight) + " bits";
    for (const PlannedTensor& tensor : plan.tensors)
        setting.trials.push_back(tensor.option.trialId);
    setting.bitsPerWeight = plan.achievedBitsPerWeight;
    return setting;
}

JudgedSetting artifactSetting(const std::filesystem::path& path, const std::string& label,
                              const MethodRegistry& registry, const std::filesystem::path& prober,
                              const std::stop_token& stop) {
    const std::string name = "'" + printableText(path.string()) + "'";
    if (!std::filesystem::exists(path)) {
        throw Error("There is no " + name + ".", "Check the path given to --artifacts.");
    }
    JudgedSetting setting;
    setting.kind = EvaluationRecord::Kind::Artifacts;
    setting.label = label.empty() ? std::filesystem::absolute(path / ".")
                                        .lexically_normal()
                                        .parent_path()
                                        .filename()
                                        .string()
                                  : label;
    setting.artifacts = artifactsAt(path, {}, registry);
    if (setting.artifacts.empty()) {
        throw Error("The folder " + name + " holds no artifacts.",
                    "Give one that `requantize` wrote.");
    }
    for (const std::filesystem::path& artifact : setting.artifacts) {
        setting.fingerprints.push_back(
            TensorFile::open(artifact, {prober, false, stop})->fingerprint(stop));
    }
    return setting;
}

std::string evaluationId(const JudgedSetting& setting, const std::string& tokensFingerprint) {
    std::vector<std::string> trials = setting.trials;
    std::ranges::copy(setting.fingerprints, std::back_inserter(trials));
    std::ranges::sort(trials);
    std::string text = tokensFingerprint;
    for (const std::string& trial : trials)
        text += '\n' + trial;
    return contentHash(text);
}

void judgeRun(const JudgeRequest& request, const MethodRegistry& registry,
              const std::function<void(const EvaluationRecord&)>& judged,
              const RunContext& context) {
    const auto tokenFile =
        TensorFile::open(request.tokens, {request.prober, false, context.stop()});
    const std::string fingerprint = tokenFile->fingerprint(context.stop());
    std::vector<JudgedSetting> settings = toJudge(request, fingerprint);
    if (settings.empty()) return;
    constexpr double loaded = 0.02;
    constexpr double referred = 0.05;
    const QuantizedModel quantized(request.folder, request.model, request.tokens, request.prober,
                                   context.part(0.0, loaded, 0));
    const ForwardPass pass(quantized.model());
    const bool isReused = settings.size() > 1;
    const double started = isReused ? referred : loaded;
    const ReferenceStates reference(pass, quantized.tokens(),
                                    isReused ? ReferenceStates::usualMemory() : 0,
                                    context.part(loaded, started, 0));
    // Plans choose among what methods were judged with.
    const DecodedResults results(quantized.model(), request.folder, request.prober, registry,
                                 DecodedResults::memoryWithin(resultMemory));
    const auto evaluated = [&](JudgedSetting& setting, const RunContext& part) {
        if (setting.kind == EvaluationRecord::Kind::Model) return evaluate(reference, part);
        const ForwardPass changed(
            setting.kind == EvaluationRecord::Kind::Artifacts
                ? modelWithArtifacts(setting, quantized.model(), request, registry, part)
                : results.modelWith(setting.trials, part.stop()));
        return evaluate(changed, reference, part);
    };
    double done = started;
    for (JudgedSetting& setting : settings) {
        const double next = done + (1.0 - started) / static_cast<double>(settings.size());
        const std::string name = setting.label.empty() ? "the model as it is" : setting.label;
        const RunContext part =
            context.part(done, next, 0).withProgress([&](double fraction, std::string_view) {
                context.progress(done + fraction * (next - done), name);
            });
        part.progress(0.0, name);
        const Evaluation evaluation = evaluated(setting, part);
        const EvaluationRecord record = recordOf(setting, request, fingerprint, evaluation);
        keepEvaluation(request.folder, record, context.stop());
        judged(record);
        done = next;
    }
}

}  // namespace quantscope
