// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QApplication>
#include <algorithm>
#include <exception>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/base/version.h"
#include "core/io/probe.h"

using namespace quantscope;

namespace {

// Whether the first word is meant as a command and is none; then says so.
bool reportUnknownCommand(const CLI::App& program, int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return false;
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({}))
        names.push_back(command->get_name());
    if (std::ranges::find(names, argv[1]) != names.end()) return false;
    const std::string near = nearestWord(argv[1], names);
    std::cerr << "error: There is no command '" << printableText(argv[1]) << "'. "
              << (near.empty() ? "" : "Did you mean '" + near + "'? ")
              << "Run with --help for the commands.\n";
    return true;
}

int reportParseError(const CLI::App& program, const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        program.exit(error);  // Help or version was asked for.
        return Success;
    }
    std::cerr << "error: " << printableText(error.what()) << ". Run with --help for the options.\n";
    return UsageError;
}

std::unique_ptr<QCoreApplication> makeApplication(int& argc, char** argv, const Command& command) {
    if (!command.drawsFigures()) return std::make_unique<QCoreApplication>(argc, argv);
    qputenv("QT_QPA_PLATFORM", "offscreen");
    // Qt warns of what only matters on a desktop, such as a missing XDG_RUNTIME_DIR.
    const QtMessageHandler handler =
        qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
    auto application = std::make_unique<QApplication>(argc, argv);
    qInstallMessageHandler(handler);
    return application;
}

int runCommand(Command& command, const CommandContext& context) {
    try {
        const int code = command.run(context);
        std::cout.flush();
        return code;
    } catch (const Cancelled&) {
        std::cerr << "interrupted\n";
        return Interrupted;
    } catch (const Error& error) {
        std::cerr << "error: " << printableText(error.fullText()) << '\n';
    } catch (const std::bad_alloc&) {
        std::cerr << "error: Not enough memory. Quantize fewer or smaller tensors at a time.\n";
    } catch (const std::exception& error) {
        std::cerr << "error: Unexpected failure: " << printableText(error.what()) << '\n';
    }
    return Failure;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == probeCommand) {
        return runProbe({argv + 2, argv + argc});
    }
    const Interrupt interrupt;
    QCoreApplication::setApplicationName(QStringLiteral("quantscope-cli"));

    CLI::App program("Quantizes tensors of HDF5 files and measures what it costs.",
                     "quantscope-cli");
    program.require_subcommand(1);
    program.set_version_flag("--version", "quantscope " + std::string(programVersion()));
    std::vector<std::unique_ptr<Command>> commands = allCommands();
    std::vector<CLI::App*> declared;
    for (const auto& command : commands)
        declared.push_back(command->declare(program));
    if (reportUnknownCommand(program, argc, argv)) return UsageError;
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return reportParseError(program, error);
    }

    const auto chosen = std::ranges::find_if(declared, &CLI::App::parsed);
    Command& command = *commands[static_cast<std::size_t>(chosen - declared.begin())];
    const auto application = makeApplication(argc, argv, command);
    const PluginSet plugins = loadPlugins(pluginFolders());
    return runCommand(command,
                      {plugins, std::filesystem::canonical("/proc/self/exe"), interrupt.token()});
}
