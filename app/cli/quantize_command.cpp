// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/cli/experiment_runner.h"
#include "app/cli/options.h"
#include "core/base/error.h"
#include "core/io/tensor_file.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

// 'GLOB=rows=1': what stands before the last "=rows=" is the glob.
std::pair<std::string, FoldRule> parseFold(const std::string& text) {
    const std::size_t equals = text.rfind("=rows=");
    if (equals == std::string::npos || equals == 0) {
        throw Error("--fold '" + text + "' is not understood.",
                    "Write a glob, = and a folding rule, for example --fold 'conv*=rows=3'.");
    }
    return {text.substr(0, equals), FoldRule::parse(text.substr(equals + 1))};
}

class QuantizeCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "quantize", "Quantize tensors of a file and measure rate, error and codebook use.");
        app->add_option("FILE", m_file, "HDF5 file with the tensors")->required();
        declareList(*app, "--tensor", m_data.tensors,
                    "Names or globs as `inspect` lists them, one or several; * stands for all "
                    "(the default); may be repeated");
        app->add_flag("--matrices", m_matricesOnly,
                      "Of these, only tensors with two axes or more: weights, not biases");
        declareRepeatable(*app, "--exclude", m_data.exclude, "Leaves out what this glob matches");
        declareRepeatable(*app, "--method", m_methods,
                          "Method, as 'rvq:stages=4,bits=8,dim=8'; sweeps as 'scalar:bits=2..8'")
            ->required();
        declareRepeatable(
            *app, "--fold", m_folds,
            "GLOB=rows=AXES: the axes that are output channels, for example 'conv*=rows=3'");
        app->add_option("--normalize", m_normalize,
                        "Scale rows to unit length: auto (searched rows of angular files), never, "
                        "rows");
        app->add_option(
            "--hessians", m_hessians,
            "HDF5 file with Hessians or activations, or an importance file of llama.cpp");
        app->add_option("--codebooks", m_codebooks,
                        "HDF5 file with codebooks that methods with start=given begin with");
        declareSeed(*app, m_seed, "Seed of all random choices (default 0)");
        app->add_flag("--follow-external-links", m_data.followExternalLinks,
                      "Open the other files that links point to");
        m_runner.declareOptions(*app, ExperimentRunner::JsonForm::Trials);
        app->footer(
            exampleFooter("quantscope-cli quantize model.h5 --tensor '*_proj.weight' "
                          "--method scalar:bits=2..8 --method 'rvq:stages=4,bits=8,dim=8'"));
        return app;
    }

    int run(const CommandContext& context) override {
        ExperimentSpec spec;
        spec.data = m_data;
        spec.data.file = m_file;
        if (m_matricesOnly) spec.data.tensors = matrices(context);
        for (const std::string& fold : m_folds)
            spec.data.folds.push_back(parseFold(fold));
        spec.data.normalize = parseNormalize(m_normalize);
        spec.hessians = m_hessians;
        spec.codebooks = m_codebooks;
        for (const std::string& method : m_methods)
            spec.methods.push_back(SweptMethod::parse(method));
        spec.seed = m_seed;
        return m_runner.run(spec, context);
    }

private:
    // The names of the chosen tensors that have two axes or more. Throws Error when there is none.
    std::vector<std::string> matrices(const CommandContext& context) const {
        const auto file =
            TensorFile::open(m_file, {context.prober, m_data.followExternalLinks, context.stop});
        std::vector<std::string> names;
        for (const SelectedTensor& tensor : selectTensors(*file, m_data).tensors) {
            if (tensor.info->shape.size() >= 2) names.push_back(tensor.info->name);
        }
        if (names.empty()) {
            throw Error("None of the chosen tensors of '" + m_file + "' has two axes or more.",
                        "See them with 'inspect', or leave out --matrices.");
        }
        return names;
    }

    ExperimentRunner m_runner;
    DataSpec m_data;
    std::string m_file;
    std::vector<std::string> m_methods;
    std::vector<std::string> m_folds;
    std::string m_normalize = normalizeText(Normalize::Automatic);
    std::string m_hessians;
    std::string m_codebooks;
    std::uint64_t m_seed = 0;
    bool m_matricesOnly = false;
};

}  // namespace

std::unique_ptr<Command> makeQuantizeCommand() {
    return std::make_unique<QuantizeCommand>();
}

}  // namespace quantscope
