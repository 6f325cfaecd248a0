// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/matrix_view.h"

namespace quantscope {

/// A file that a run read, and the identity of its content.
struct InputFile {
    std::string path;         ///< Where it was; empty when there was none.
    std::string fingerprint;  ///< See TensorFile::fingerprint.

    bool operator==(const InputFile&) const = default;
};

/// A numeric tensor of the data file, quantized in the run or not.
struct FileTensor {
    std::string name;
    Index elements = 0;
    int bitsPerElement = 0;   ///< As stored in the file.
    std::string sameAs = {};  ///< See TensorInfo::sameAs.

    bool operator==(const FileTensor&) const = default;
};

/// What identifies a run and what its records are measured against; run.json of a result folder.
struct RunInfo {
    static constexpr int currentVersion = 1;

    std::string runId;           ///< See Plan::runId.
    std::string programVersion;  ///< That began the run.
    InputFile data;
    InputFile hessians;
    InputFile codebooks;
    /// Every numeric tensor but the queries and answers of a search task, in file order.
    std::vector<FileTensor> tensors;
    std::vector<std::string> trials;  ///< Ids of all trials in the order of the plan.

    bool operator==(const RunInfo&) const = default;

    Json toJson() const;
    /// Throws Error when an entry is missing or of the wrong type, or the version is a newer one.
    static RunInfo fromJson(const Json& json);
};

}  // namespace quantscope
