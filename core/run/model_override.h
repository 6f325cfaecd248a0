// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/language_model.h"
#include "core/quant/method.h"
#include "core/quant/rate.h"

namespace quantscope {

/// What was put in the place of a model's tensors.
struct ModelOverride {
    std::vector<std::string> tensors;
    RateLedger rate;         ///< Of the artifacts among them.
    Index codedWeights = 0;  ///< Weights that artifacts hold.
    Index plainWeights = 0;  ///< Weights that came as plain tensors, of unknown cost.

    void add(const ModelOverride& other);
};

/// How overrides are read.
struct OverrideOptions {
    /// Of a result folder with several methods, the one that is meant, in its text form.
    std::string method;
    std::filesystem::path prober;  ///< See OpenOptions.
};

/// An artifact's values as a model takes them.
struct DecodedArtifact {
    std::string tensor;
    Matrix values;
    RateLedger rate;
};

/// Reads and decodes one artifact, rows in parallel. Throws Error when the model has no such
/// tensor, or the artifact cannot be read or was folded in another way than into output channels;
/// and Cancelled.
DecodedArtifact decodeFor(const LanguageModel& model, const std::filesystem::path& path,
                          const MethodRegistry& registry, const std::filesystem::path& prober,
                          const std::stop_token& stop);

/// Replaces tensors of `model` by those found at `path`: an artifact file, a result folder, a
/// folder of artifact files, a plan (.json; see AllocationPlan), or an HDF5 file of plain tensors
/// with the model's names (others in it are left out). Throws Error when nothing there belongs to
/// the model, a shape differs, or a folder holds several methods and none is named; and Cancelled.
ModelOverride overrideTensors(LanguageModel& model, const std::filesystem::path& path,
                              const MethodRegistry& registry, const OverrideOptions& options,
                              const RunContext& context);

}  // namespace quantscope
