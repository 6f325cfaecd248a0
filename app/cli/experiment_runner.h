// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <set>
#include <string>

#include "app/cli/command.h"
#include "core/run/engine.h"
#include "core/store/result_store.h"

namespace quantscope {

/// What `quantize` and `run` have in common: an experiment is planned, run and reported.
class ExperimentRunner {
public:
    /// What --json prints.
    enum class JsonForm {
        Trials,  ///< An array of trials.
        Run,     ///< {run, folder, finished, failed, recorded, cancelled, seconds, trials: [...]}.
    };

    /// Declares --out, --resume, --dry-run, --threads, --memory, --progress and --json.
    void declareOptions(CLI::App& app, JsonForm form);

    /// Returns the exit code: a failed trial is a failure, though the others are reported. Throws
    /// Error.
    int run(const ExperimentSpec& spec, const CommandContext& context) const;

private:
    int execute(const Plan& plan, const EngineOptions& options,
                const CommandContext& context) const;
    /// Ids of the trials that the folder to resume has already.
    std::set<std::string> doneBefore(const Plan& plan, const EngineOptions& options) const;
    std::unique_ptr<ResultStore> openStore(const Plan& plan) const;

    JsonForm m_form = JsonForm::Trials;
    std::string m_folder;
    std::string m_memory;
    std::string m_progress = "auto";
    int m_threads = 0;
    bool m_resume = false;
    bool m_dryRun = false;
    bool m_json = false;
};

}  // namespace quantscope
