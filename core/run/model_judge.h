// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <span>
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
};

/// The methods that have a result on every tensor that the run has results on, in the order of the
/// records.
std::vector<JudgedSetting> methodSettings(std::span<const TrialRecord> records);
JudgedSetting planSetting(const AllocationPlan& plan);

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
/// the calling thread. Throws Error (the model is none of this family, an artifact is missing) and
/// Cancelled; what was judged before that is kept.
void judgeRun(const JudgeRequest& request, const MethodRegistry& registry,
              const std::function<void(const EvaluationRecord&)>& judged,
              const RunContext& context);

}  // namespace quantscope
