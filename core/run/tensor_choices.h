// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/store/trial_record.h"

namespace quantscope {

/// What the losses of tensors are measured in, so that they can be added up.
enum class LossMeasure {
    Automatic,  ///< See usualMeasure; of what it leaves, Output where every record has a Hessian.
    Output,     ///< tr(E H E^T)
    Weight,     ///< |E|^2
    Relative,   ///< |E|^2 / |W|^2 times the number of weights.
};

/// What Automatic stands for: a layer's output error says little of other layers' ones unless a
/// model weighs them (resources/manual/models.md), so without a model it is Weight.
LossMeasure usualMeasure(LossMeasure measure, bool weighedByModel);

/// What measuredChoices measures with: of what is still Automatic, see there.
LossMeasure measureOf(std::span<const TrialRecord> records, LossMeasure measure);

/// "auto", "output", "weight", "relative". Throws Error with "did you mean" for anything else.
LossMeasure parseLossMeasure(const std::string& text);
std::string lossMeasureText(LossMeasure measure);

/// A measured result that a tensor may get.
struct TensorOption {
    std::string method;  ///< Text form.
    std::string trialId;
    std::uint64_t bits = 0;  ///< The whole ledger.
    double loss = 0.0;
};

/// A tensor with its measured results, by ascending bits, then loss.
struct TensorChoices {
    std::string tensor;
    Index weights = 0;
    std::vector<TensorOption> options;
    Index cols = 0;  ///< Input channels.
};

/// The finished records of a run as choices, tensors in the order of their first record. Records
/// that cost as much as another one of their tensor or more, and lose as much or more, stay in the
/// list: a lock may name them. `sensitivities` (by tensor, may be empty) multiply the losses.
/// Throws Error when no record has a result, or one lacks what the measure needs.
std::vector<TensorChoices> measuredChoices(std::span<const TrialRecord> records,
                                           LossMeasure measure,
                                           const std::map<std::string, double>& sensitivities);

}  // namespace quantscope
