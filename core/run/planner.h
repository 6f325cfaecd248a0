// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/io/tensor_file.h"
#include "core/quant/method.h"
#include "core/run/experiment_spec.h"
#include "core/run/side_files.h"
#include "core/run/trial.h"
#include "core/store/run_info.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// An experiment with its files open and every trial judged, before anything runs.
struct Plan {
    ExperimentSpec spec;  ///< With absolute paths.
    /// Says what will be done to what and run.run.runId what that is called: the hash of the
    /// trials' ids and the chosen metrics, 32 hex digits. Where files lie and what the experiment
    /// is called does not matter to it.
    RunInfo run;
    std::shared_ptr<const TensorFile> file;
    SideFiles side;
    std::vector<Trial> trials;         ///< Tensors in file order, methods in spec order.
    std::vector<std::string> remarks;  ///< About the whole: patterns that match nothing, ...
    std::uint64_t peakBytes = 0;       ///< Largest working memory of one trial.
    std::uint64_t artifactBytes = 0;   ///< What all artifacts will take on disk.
};

/// The file and side information that a plan works on are opened by the caller's rules.
struct PlanOptions {
    std::filesystem::path prober;  ///< See OpenOptions.
    std::stop_token stop = {};
};

/// Opens the spec's files and expands its sweeps. Throws Error when nothing can run: a missing
/// file, no tensor that matches, an unknown method, a parameter out of range.
Plan makePlan(const ExperimentSpec& spec, const MethodRegistry& registry,
              const PlanOptions& options);

/// The same on files that are already open.
Plan makePlan(const ExperimentSpec& spec, const MethodRegistry& registry,
              std::shared_ptr<const TensorFile> file, SideFiles side, const std::stop_token& stop);

/// The values of a trial as its quantizer sees them: folded and, if so planned, normalized.
std::unique_ptr<TensorSource> trialSource(const TensorFile& file, const Trial& trial,
                                          const std::stop_token& stop = {});
/// The same for a trial that was run.
std::unique_ptr<TensorSource> trialSource(const TensorFile& file, const TrialRecord& record,
                                          const std::stop_token& stop = {});

}  // namespace quantscope
