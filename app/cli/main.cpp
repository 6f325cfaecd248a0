// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <QApplication>
#include <QFileInfo>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "core/base/error.h"
#include "core/base/system_reason.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/base/version.h"
#include "core/io/probe.h"

using namespace quantscope;

namespace {

// A message as it is printed. Items of a list in it begin with a line break and two spaces, which
// stay; whatever else could steer a terminal is escaped.
std::string printableMessage(const std::string& message) {
    constexpr std::string_view item = "\n  ";
    std::string text;
    std::size_t start = 0;
    for (std::size_t end = message.find(item); end != std::string::npos;
         end = message.find(item, start)) {
        text += printableText(message.substr(start, end - start)) + std::string(item);
        start = end + item.size();
    }
    return text + printableText(message.substr(start));
}

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

// Whatever is printed in vain is a failure: the disk under standard output is full, or nobody
// listens.
int withOutputChecked(int code) {
    errno = 0;
    std::cout.flush();
    if (std::cout) return code;
    std::cerr << "error: The results cannot be written to standard output"
              << (errno == 0 ? "" : ": " + systemReason(errno))
              << ". What was printed is not complete: free space on the disk, or send the output "
                 "elsewhere.\n";
    return Failure;
}

// Files that are opened must not get the numbers of the standard streams, or what is printed would
// end up in them. A stream that is closed stays one that cannot be written.
void occupyClosedStreams() {
    int file = open("/dev/null", O_RDONLY);
    while (file >= 0 && file <= STDERR_FILENO)
        file = open("/dev/null", O_RDONLY);
    if (file >= 0) close(file);
}

int reportParseError(const CLI::App& program, const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        program.exit(error);  // Help or version was asked for.
        return withOutputChecked(Success);
    }
    std::cerr << "error: " << printableText(error.what()) << ". Run with --help for the options.\n";
    return UsageError;
}

void warnOfMissingFolders(const PluginSet& plugins) {
    for (const PluginRecord& plugin : plugins.plugins) {
        if (plugin.state == PluginState::Loaded || QFileInfo::exists(plugin.path)) continue;
        std::cerr << "warning: the folder of plugins '" << printableText(plugin.path.toStdString())
                  << "' does not exist. Check " << pluginPathVariable << ".\n";
    }
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
        return withOutputChecked(command.run(context));
    } catch (const Cancelled&) {
        std::cerr << "interrupted\n";
        return Interrupted;
    } catch (const Error& error) {
        std::cerr << "error: " << printableMessage(error.fullText()) << '\n';
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
    occupyClosedStreams();
    // A file that grows beyond `ulimit -f` is an error of writing, not the end of the program.
    std::signal(SIGXFSZ, SIG_IGN);
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
    warnOfMissingFolders(plugins);
    return runCommand(command,
                      {plugins, std::filesystem::canonical("/proc/self/exe"), interrupt.token()});
}
