// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/cli/experiment_runner.h"

namespace quantscope {

namespace {

class RunCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app =
            program.add_subcommand("run", "Run an experiment file into a result folder.");
        app->add_option("SPEC", m_spec, "Experiment (JSON)")->required();
        m_runner.declareOptions(*app, ExperimentRunner::JsonForm::Run);
        app->footer(exampleFooter("quantscope-cli run tour.json --out results/tour --resume"));
        return app;
    }

    int run(const CommandContext& context) override {
        return m_runner.run(ExperimentSpec::load(m_spec), context);
    }

private:
    ExperimentRunner m_runner;
    std::string m_spec;
};

}  // namespace

std::unique_ptr<Command> makeRunCommand() {
    return std::make_unique<RunCommand>();
}

}  // namespace quantscope
