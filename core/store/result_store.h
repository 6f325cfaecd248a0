// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/store/trial_record.h"

namespace quantscope {

/// A run as a folder:
///   spec.json        the experiment
///   run.json         run id, program version, data fingerprints, whole-file element counts
///   records.jsonl    one line per finished trial, appended and flushed; a torn last line is
///   ignored artifacts/*.h5   encoded tensors by trial id, written aside and renamed
/// A process that dies at any moment leaves a folder that can be resumed.
class ResultStore {
public:
    /// Makes the folder for a plan, or opens it when it already holds the same run. Throws Error
    /// when the folder holds another run, or when it holds this run and `resume` is false.
    static std::unique_ptr<ResultStore> create(const std::filesystem::path& folder,
                                               const Json& spec, const Json& run, bool resume);
    /// Opens a finished or interrupted run for reading and for further records. Throws Error.
    static std::unique_ptr<ResultStore> open(const std::filesystem::path& folder);
    /// A store without a folder, for runs whose results are only shown.
    static std::unique_ptr<ResultStore> inMemory(const Json& spec, const Json& run);
    virtual ~ResultStore() = default;

    virtual const Json& spec() const = 0;
    virtual const Json& run() const = 0;
    /// Records in the order of trials' ends; safe to call while others append.
    virtual std::vector<TrialRecord> records() const = 0;
    virtual bool contains(const std::string& trialId) const = 0;
    /// Thread-safe. Throws Error when the line cannot be written (disk full).
    virtual void append(const TrialRecord& record) = 0;
    /// Empty for a store without a folder.
    virtual std::filesystem::path folder() const = 0;
    /// Where the artifact of a trial belongs; empty for a store without a folder.
    std::filesystem::path artifactPath(const std::string& trialId) const;
};

}  // namespace quantscope
