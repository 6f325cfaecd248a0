// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/quant/method.h"
#include "core/run/allocation_plan.h"
#include "core/store/evaluation_records.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// Results of a run that take the place of a model's tensors together.
struct JudgedSetting {
    EvaluationRecord::Kind kind = EvaluationRecord::Kind::Model;
    std::string label;   ///< See EvaluationRecord.
    std::string family;  ///< See EvaluationRecord.
    std::vector<std::string> trials;
    double bitsPerWeight = 0.0;
    /// Artifact files in place of trials, and the identities of their content. Their bits per
    /// weight are counted when they are judged.
    std::vector<std::filesystem::path> artifacts = {};
    std::vector<std::string> fingerprints = {};
};

/// The methods that have a result on every tensor that the run has results on, in the order of the
/// records.
std::vector<JudgedSetting> methodSettings(std::span<const TrialRecord> records);
JudgedSetting planSetting(const AllocationPlan& plan);
/// The artifacts at `path` (see artifactsAt), such as `requantize` makes them. An empty label
/// becomes the name of the folder. Throws Error when there are none, and Cancelled.
JudgedSetting artifactSetting(const std::filesystem::path& path, const std::string& label,
                              const MethodRegistry& registry, const std::filesystem::path& prober,
                              const std::stop_token& stop);

/// Tells an evaluation of these results on these tokens from all others: 32 hex digits.
std::string evaluationId(const JudgedSetting& setting, const std::string& tokensFingerprint);

/// What is to be judged, and by what.
struct JudgeRequest {
    std::filesystem::path folder;  ///< Of the run.
    std::filesystem::path model;   ///< The file that the run quantized.
    std::filesystem::path tokens;
    std::filesystem::path prober;  ///< See OpenOptions.
    std::vector<JudgedSetting> settings;
};

/// Evaluates the model as it is and with each setting, and keeps the outcomes in the run's folder;
/// what is kept there already is not evaluated again. `judged` is told every new one at once, from
/// the calling thread. The hidden states of the model as it is are kept for all settings as far as
/// they fit ReferenceStates::usualMemory(). Throws Error (the model is none of this family, an
/// artifact is missing, artifacts replace other tensors than the run quantized) and Cancelled; what
/// was judged before that is kept.
void judgeRun(const JudgeRequest& request, const MethodRegistry& registry,
              const std::function<void(const EvaluationRecord&)>& judged,
              const RunContext& context);

}  // namespace quantscope
