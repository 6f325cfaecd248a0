// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/model_judge.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/content_hash.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/model/evaluation.h"
#include "core/run/model_override.h"
#include "core/store/result_store.h"

namespace quantscope {

namespace {

EvaluationRecord recordOf(const JudgedSetting& setting, const JudgeRequest& request,
                          const std::string& tokensFingerprint, const Evaluation& evaluation) {
    EvaluationRecord record;
    record.id = evaluationId(setting, tokensFingerprint);
    record.kind = setting.kind;
    record.label = setting.label;
    record.family = setting.family;
    record.bitsPerWeight = setting.bitsPerWeight;
    record.tensors = setting.trials.size();
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

Evaluation judge(const JudgedSetting& setting, const LanguageModel& model,
                 const ForwardPass& reference, const TokenRows& tokens, const JudgeRequest& request,
                 const MethodRegistry& registry, const RunContext& context) {
    if (setting.trials.empty()) return evaluate(reference, nullptr, tokens, context);
    LanguageModel changed = model;
    for (const std::string& trial : setting.trials) {
        context.throwIfStopped();
        overrideTensors(changed, ResultStore::artifactPath(request.folder, trial), registry,
                        {{}, request.prober}, context.withProgress({}));
    }
    return evaluate(ForwardPass(std::move(changed)), &reference, tokens, context);
}

// Results of one file say nothing of another one's weights.
void refuseOtherModel(const TensorFile& file, const JudgeRequest& request,
                      const std::stop_token& stop) {
    const RunInfo run = ResultStore::open(request.folder)->run();
    if (file.fingerprint(stop) == run.data.fingerprint) return;
    throw Error("'" + printableText(request.model.string()) +
                    "' is not the file that the run quantized ('" + printableText(run.data.path) +
                    "'): its content differs.",
                "Name that file as the model, or run the experiment again on this one.");
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

std::string evaluationId(const JudgedSetting& setting, const std::string& tokensFingerprint) {
    std::vector<std::string> trials = setting.trials;
    std::ranges::sort(trials);
    std::string text = tokensFingerprint;
    for (const std::string& trial : trials)
        text += '\n' + trial;
    return contentHash(text);
}

void judgeRun(const JudgeRequest& request, const MethodRegistry& registry,
              const std::function<void(const EvaluationRecord&)>& judged,
              const RunContext& context) {
    const OpenOptions options{request.prober, false, context.stop()};
    const auto tokenFile = TensorFile::open(request.tokens, options);
    const std::string fingerprint = tokenFile->fingerprint(context.stop());
    const std::vector<JudgedSetting> settings = toJudge(request, fingerprint);
    if (settings.empty()) return;
    constexpr double loaded = 0.02;
    const auto modelFile = TensorFile::open(request.model, options);
    refuseOtherModel(*modelFile, request, context.stop());
    const LanguageModel model = LanguageModel::load(*modelFile, context.part(0.0, loaded, 0));
    const TokenRows tokens =
        TokenRows::read(*tokenFile, model.config().vocabulary, model.config().context);
    const ForwardPass reference(model);
    double done = loaded;
    for (const JudgedSetting& setting : settings) {
        const double next = done + (1.0 - loaded) / static_cast<double>(settings.size());
        const std::string name = setting.label.empty() ? "the model as it is" : setting.label;
        const RunContext part =
            context.part(done, next, 0).withProgress([&](double fraction, std::string_view) {
                context.progress(done + fraction * (next - done), name);
            });
        part.progress(0.0, name);
        const Evaluation evaluation =
            judge(setting, model, reference, tokens, request, registry, part);
        const EvaluationRecord record = recordOf(setting, request, fingerprint, evaluation);
        keepEvaluation(request.folder, record);
        judged(record);
        done = next;
    }
}

}  // namespace quantscope
