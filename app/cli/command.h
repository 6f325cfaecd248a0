// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <vector>

#include "plugins/sdk/plugin_loader.h"

namespace quantscope {

/// What every subcommand gets when it runs.
struct CommandContext {
    const PluginSet& plugins;
    std::filesystem::path prober;  ///< See OpenOptions.
    std::stop_token stop;          ///< Requested by SIGINT and SIGTERM.
};

/// One subcommand of quantscope-cli.
class Command {
public:
    virtual ~Command() = default;

    /// Declares the subcommand with its options, help and an example; its options' variables live
    /// in this object.
    virtual CLI::App* declare(CLI::App& program) = 0;

    /// Whether it draws, and so needs the widgets (without a display).
    virtual bool drawsFigures() const { return false; }

    /// Does the work and returns the exit code. Prints results on standard output. Throws Error for
    /// what goes wrong and Cancelled when it was stopped.
    virtual int run(const CommandContext& context) = 0;
};

/// Exit codes of the program.
enum ExitCode { Success = 0, Failure = 1, UsageError = 2, Interrupted = 130 };

/// Every subcommand, in the order of the help page.
std::vector<std::unique_ptr<Command>> allCommands();

/// The last lines of a subcommand's help.
std::string exampleFooter(const std::string& example);

}  // namespace quantscope
