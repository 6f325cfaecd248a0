// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/quant/quantizer.h"
#include "core/tensor/tensor_info.h"

namespace quantscope {

/// One method with fixed parameters on one tensor.
struct Trial {
    /// Hash of everything that decides the result: tensor name and folding, the file's fingerprint,
    /// normalization, the resolved method, the side information's fingerprint, seed. 32 hex digits.
    std::string id;
    std::string tensor;
    FoldRule fold;
    Shape shape;  ///< As stored in the file.
    Index rows = 0;
    Index cols = 0;
    bool normalized = false;
    MethodSpec method;       ///< Resolved.
    std::string methodText;  ///< Abbreviated text form: the label everywhere.
    std::uint64_t seed = 0;
    Preflight preflight;
};

<<<<<<< HEAD
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
    TrialMetrics metrics;
    PhaseSeconds seconds;
    std::vector<Codebook> codebooks;  ///< Without codewords: names, dims, counts.
    std::vector<float> levels;        ///< Reconstruction values when one set serves the tensor.
    std::vector<std::string> warnings;

    bool failed() const { return !error.empty(); }
    Index weights() const { return rows * cols; }
    double bitsPerWeight() const { return rate.bitsPerWeight(weights()); }

    Json toJson() const;
    static TrialRecord fromJson(const Json& json);
};

=======
>>>>>>> 5d273f5 (Keep trial records with the store; run arenas on exactly their threads)
}  // namespace quantscope
