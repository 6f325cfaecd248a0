// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/work_progress.h"
#include "core/base/finite_json.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/model/evaluation.h"
#include "core/run/model_override.h"

namespace quantscope {

namespace {

class EvaluateCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "evaluate",
            "Perplexity of a language model on tokens, and its divergence from the unquantized "
            "model when tensors are replaced.");
        app->add_option("MODEL", m_model, "HDF5 file with a Llama-type model")->required();
        app->add_option("--tokens", m_tokens, "HDF5 file with token ids in 'input_ids'")
            ->required();
        declareRepeatable(
            *app, "--override", m_overrides,
            "What takes the place of tensors: artifact files, a result folder, a plan, "
            "or an HDF5 file of tensors with the same names");
        app->add_option("--method", m_options.method,
                        "Of a result folder with several methods, the one to evaluate");
        app->add_option("--threads", m_threads, "How many threads work (default: one per core)")
            ->check(CLI::Range(1, 1024));
        app->add_flag("--json", m_json,
                      "Print {perplexity, stderr, tokens, kl, kl_stderr, seconds, overridden, "
                      "bits_per_weight}");
        app->footer(
            exampleFooter("quantscope-cli evaluate stories260k.h5 --tokens "
                          "stories260k-evaluation-tokens.h5 --override results/"));
        return app;
    }

    int run(const CommandContext& context) override {
        const WorkProgress progress(std::cerr);
        const RunContext work(0, context.stop, progress.function());
        m_options.prober = context.prober;
        Arena(m_threads).execute([&] { evaluateModel(context, work); });
        progress.clear();
        report();
        return Success;
    }

private:
    void evaluateModel(const CommandContext& context, const RunContext& work) {
        const OpenOptions options{context.prober, false};
        LanguageModel model =
            LanguageModel::load(*TensorFile::open(m_model, options), work.part(0.0, 0.1, 0));
        const TokenRows tokens = TokenRows::read(*TensorFile::open(m_tokens, options),
                                                 model.config().vocabulary, model.config().context);
        const ForwardPass reference(model);
        for (const std::string& path : m_overrides) {
            m_override.add(overrideTensors(model, path, context.plugins.registry, m_options, work));
        }
        const auto start = std::chrono::steady_clock::now();
        const RunContext rest = work.part(0.1, 1.0, 1);
        if (m_overrides.empty()) {
            m_result = evaluate(reference, tokens, rest);
        } else {
            const ReferenceStates states(reference, tokens, 0, rest);
            m_result = evaluate(ForwardPass(std::move(model)), states, rest);
        }
        m_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    void report() const {
        if (m_json) {
            std::cout << resultJson().dump(2) << '\n';
            return;
        }
        std::cout << "perplexity  " << formatSignificant(m_result.perplexity, 5) << " +- "
                  << formatSignificant(m_result.standardError, 2) << "  (" << m_result.predictions
                  << " predictions)\n";
        if (!m_overrides.empty()) {
            std::cout << "divergence  " << formatSignificant(m_result.divergence, 4) << " +- "
                      << formatSignificant(m_result.divergenceError, 2)
                      << " nats a token from the model as it is\n";
            std::cout << "replaced    " << m_override.tensors.size() << " tensors";
            if (m_override.codedWeights > 0)
                std::cout << ", " << formatSignificant(bitsPerWeight(), 4) << " bits per weight";
            std::cout << '\n';
        }
        std::cout << "seconds     " << formatSignificant(m_seconds) << '\n';
    }

    double bitsPerWeight() const { return m_override.rate.bitsPerWeight(m_override.codedWeights); }

    Json resultJson() const {
        Json json{{"perplexity", finiteJson(m_result.perplexity)},
                  {"stderr", finiteJson(m_result.standardError)},
                  {"tokens", m_result.predictions},
                  {"kl", finiteJson(m_result.divergence)},
                  {"kl_stderr", finiteJson(m_result.divergenceError)},
                  {"seconds", m_seconds},
                  {"overridden", m_override.tensors}};
        if (m_override.codedWeights > 0) json["bits_per_weight"] = bitsPerWeight();
        return json;
    }

    std::string m_model;
    std::string m_tokens;
    std::vector<std::string> m_overrides;
    OverrideOptions m_options;
    int m_threads = 0;
    bool m_json = false;

    ModelOverride m_override;
    Evaluation m_result;
    double m_seconds = 0.0;
};

}  // namespace

std::unique_ptr<Command> makeEvaluateCommand() {
    return std::make_unique<EvaluateCommand>();
}

}  // namespace quantscope
