// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/trial_metrics.h"
#include "core/quant/codebook.h"
#include "core/quant/method_spec.h"
#include "core/quant/rate.h"
#include "core/quant/run_context.h"
#include "core/tensor/fold_rule.h"

namespace quantscope {

/// What training minimized, iteration by iteration (see RunContext::objective).
struct TrainingCurve {
    std::string name;            ///< "stage 2".
    std::vector<double> values;  ///< Shares of the energy of what is coded.

    bool operator==(const TrainingCurve&) const = default;
};

/// What is kept of a finished trial: one line of records.jsonl.
struct TrialRecord {
    std::string trialId;
    std::string tensor;
    std::string methodText;
    MethodSpec method;
    FoldRule fold;
    Shape shape;
    Index rows = 0;
    Index cols = 0;
    bool normalized = false;
    std::uint64_t seed = 0;
    /// Why the trial has no result (refused by preflight, NaN in the weights); empty when it has.
    std::string error;
    RateLedger rate;
    std::uint64_t headerBytes = 0;  ///< Of the artifact's header; not part of the rate.
    /// Of the whole artifact file, with the frame that HDF5 needs; 0 when none was written.
    std::uint64_t artifactBytes = 0;
    TrialMetrics metrics;
    PhaseSeconds seconds;
    std::vector<Codebook> codebooks;      ///< Without codewords: names, dims, counts.
    std::vector<TrainingCurve> training;  ///< In the natural order of their names.
    std::vector<float> levels;            ///< Reconstruction values when one set serves the tensor.
    std::vector<std::string> warnings;
    Json details = Json::object();  ///< Figures that the method tells of itself; may be empty.

    bool failed() const { return !error.empty(); }
    Index weights() const { return rows * cols; }
    double bitsPerWeight() const { return rate.bitsPerWeight(weights()); }

    Json toJson() const;
    static TrialRecord fromJson(const Json& json);
};

}  // namespace quantscope
