// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/store/run_info.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// A run as a folder:
///   spec.json        the experiment
///   run.json         what the run is and was measured on (RunInfo); written last
///   records.jsonl    one line per finished trial, appended by a single write; a torn last line is
///                    ignored, and cut off before more is appended
///   evaluations.json perplexities of the model with results put in, if it was judged
///   artifacts/*.h5   encoded tensors by trial id, written aside and renamed
/// A process that dies at any moment leaves a folder that can be resumed. One process at a time may
/// append; it holds a lock on records.jsonl. Others may read meanwhile.
class ResultStore {
public:
    /// Makes the folder for a run, or opens it when it already holds the same run. Throws Error
    /// when the folder holds another run or something else, when it holds this run and `resume` is
    /// false, and when another process is writing to it.
    static std::unique_ptr<ResultStore> create(const std::filesystem::path& folder,
                                               const Json& spec, const RunInfo& run, bool resume);
    /// Opens a finished or interrupted run for reading; the first record appended takes the lock.
    /// Throws Error.
    static std::unique_ptr<ResultStore> open(const std::filesystem::path& folder);
    /// The same for the run that is described; null when the folder holds none. Throws Error when
    /// it holds another.
    static std::unique_ptr<ResultStore> open(const std::filesystem::path& folder, const Json& spec,
                                             const RunInfo& run);
    /// A store without a folder, for runs whose results are only shown.
    static std::unique_ptr<ResultStore> inMemory(const Json& spec, const RunInfo& run);
    virtual ~ResultStore() = default;

    virtual const Json& spec() const = 0;
    virtual const RunInfo& run() const = 0;
    /// One record per trial, in the order of their ends; the latest counts when a trial was run
    /// again. Safe to call while others append.
    virtual std::vector<TrialRecord> records() const = 0;
    virtual std::optional<TrialRecord> find(const std::string& trialId) const = 0;
    /// Thread-safe. Throws Error when the line cannot be written (disk full); the store then holds
    /// what it held before.
    virtual void append(const TrialRecord& record) = 0;
    /// Empty for a store without a folder.
    virtual std::filesystem::path folder() const = 0;
    /// Where the artifact of a trial belongs; empty for a store without a folder.
    std::filesystem::path artifactPath(const std::string& trialId) const;
    /// The same for a folder that need not be opened.
    static std::filesystem::path artifactPath(const std::filesystem::path& folder,
                                              const std::string& trialId);
    /// The files in a folder that a run consists of, as far as they exist.
    static std::vector<std::string> filesOf(const std::filesystem::path& folder);
};

}  // namespace quantscope
