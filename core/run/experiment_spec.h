// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/quant/method_spec.h"
#include "core/tensor/fold_rule.h"

namespace quantscope {

/// Whether rows are scaled to unit length before they are quantized.
enum class Normalize {
    Automatic,  ///< The training vectors of files whose distance is angular.
    Never,
    Rows,
};

/// "auto", "never", "rows": the form in files and on the command line.
std::string normalizeText(Normalize normalize);
/// Throws Error with "did you mean" for anything else.
Normalize parseNormalize(const std::string& text);

/// Which values an experiment quantizes.
struct DataSpec {
    std::filesystem::path file;
    /// Globs over tensor names; a tensor that matches any is taken, in file order.
    std::vector<std::string> tensors = {"*"};
    std::vector<std::string> exclude;
    /// Folding chosen by the user for tensors that match a glob; the first match counts, otherwise
    /// the reader's guess stands.
    std::vector<std::pair<std::string, FoldRule>> folds;
    Normalize normalize = Normalize::Automatic;
    bool followExternalLinks = false;

    bool operator==(const DataSpec&) const = default;
};

/// A whole experiment: the one document behind the window, the command line and result folders.
/// The JSON form is versioned and described in resources/manual/experiment.md and, for machines, in
/// resources/schema/experiment.schema.json.
struct ExperimentSpec {
    static constexpr int currentVersion = 1;

    std::string title;
    DataSpec data;
    std::filesystem::path hessians;   ///< Side information file; empty for none.
    std::filesystem::path codebooks;  ///< File with codebooks to start from; empty for none.
    std::vector<SweptMethod> methods;
    std::vector<std::string> metrics;  ///< Ids of MetricInfo; empty means all that apply.
    std::uint64_t seed = 0;

    bool operator==(const ExperimentSpec&) const = default;

    /// Keys that hold their default and are rarely set are left out.
    Json toJson() const;
    /// Throws Error that names the key which is missing, unknown or wrong.
    static ExperimentSpec fromJson(const Json& json);

    /// Reads a file; relative data paths in it are relative to the file's folder. Throws Error.
    static ExperimentSpec load(const std::filesystem::path& path);
    /// Writes aside and renames; data paths are written relative to the file when they lie below or
    /// beside its folder.
    void save(const std::filesystem::path& path) const;
};

}  // namespace quantscope
