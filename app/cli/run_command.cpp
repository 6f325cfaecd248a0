// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <array>
#include <fstream>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/experiment_runner.h"
#include "app/models/session.h"
#include "core/base/error.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

class RunCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app =
            program.add_subcommand("run", "Run an experiment file into a result folder.");
        app->add_option("SPEC", m_spec, "Experiment (JSON), or a session that the window saved")
            ->required();
        m_runner.declareOptions(*app, ExperimentRunner::JsonForm::Run);
        app->footer(exampleFooter("quantscope-cli run tour.json --out results/tour --resume"));
        return app;
    }

    int run(const CommandContext& context) override { return m_runner.run(load(), context); }

private:
    // The experiment of the file, be it that of a session. Throws Error.
    ExperimentSpec load() const {
        if (isHdf5()) {
            throw Error("'" + m_spec + "' is an HDF5 file, not an experiment.",
                        "Quantize its tensors with: quantscope-cli quantize '" + m_spec +
                            "' --method scalar:bits=4.");
        }
        const Json json = readJsonFile(m_spec);
        if (!json.is_object() || !json.contains("schema")) return ExperimentSpec::load(m_spec);
        const LoadedSession loaded = loadSession(m_spec);
        for (const Message& problem : loaded.problems)
            std::cerr << "note: " << printableText(problem.text().toStdString()) << '\n';
        return loaded.session.spec;
    }

    bool isHdf5() const {
        std::array<char, 8> start{};
        std::ifstream(m_spec, std::ios::binary).read(start.data(), start.size());
        return std::string_view(start.data(), start.size()) == "\x89HDF\r\n\x1a\n";
    }

    ExperimentRunner m_runner;
    std::string m_spec;
};

}  // namespace

std::unique_ptr<Command> makeRunCommand() {
    return std::make_unique<RunCommand>();
}

}  // namespace quantscope
