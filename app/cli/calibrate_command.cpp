// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/output_file.h"
#include "app/cli/work_progress.h"
#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/model/calibration.h"

namespace quantscope {

namespace {

class CalibrateCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "calibrate",
            "Run a language model over tokens and write the Hessians of its layers, (2/n) sum x "
            "x^T, and a sample of their inputs x.");
        app->add_option("MODEL", m_model, "HDF5 file with a Llama-type model")->required();
        app->add_option("--tokens", m_tokens, "HDF5 file with token ids in 'input_ids'")
            ->required();
        app->add_option("-o,--out", m_out, "HDF5 file to write")->required();
        app->add_option("--activations", m_samples,
                        "Positions whose inputs are written as well (default 256)")
            ->check(CLI::Range(0, 1 << 24));
        declareSeed(*app, m_seed, "Seed of the choice of positions (default 0)");
        app->add_option("--threads", m_threads, "How many threads work (default: one per core)")
            ->check(CLI::Range(1, 1024));
        declareForce(*app, m_force);
        app->add_flag("--json", m_json, "Print {out, tokens, tensors, activations, seconds}");
        app->footer(
            exampleFooter("quantscope-cli calibrate stories260k.h5 --tokens "
                          "stories260k-calibration-tokens.h5 --out hessians.h5"));
        return app;
    }

    int run(const CommandContext& context) override {
        checkOutput(m_out, m_force, {m_model, m_tokens});
        const auto start = std::chrono::steady_clock::now();
        const WorkProgress progress(std::cerr);
        const RunContext work(m_seed, context.stop, progress.function());
        const OpenOptions options{context.prober, false};
        Json result;
        Arena(m_threads).execute([&] {
            const auto file = TensorFile::open(m_model, options);
            const ForwardPass pass(LanguageModel::load(*file, work.part(0.0, 0.05, 0)));
            const ModelConfig& config = pass.model().config();
            const TokenRows tokens = TokenRows::read(*TensorFile::open(m_tokens, options),
                                                     config.vocabulary, config.context);
            const std::vector<Index> positions =
                sampledPositions(tokens.count(), m_samples, m_seed);
            writeCalibration(m_out, file->path().filename().string(), pass, tokens, positions,
                             work.part(0.05, 1.0, 1));
            result = {{"out", m_out},
                      {"tokens", tokens.count()},
                      {"tensors", pass.model().linearTensors().size() + 1},
                      {"activations", positions.size()}};
        });
        result["seconds"] =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        progress.clear();
        report(result);
        return Success;
    }

private:
    void report(const Json& result) const {
        if (m_json) {
            std::cout << result.dump(2) << '\n';
            return;
        }
        std::cout << "Wrote " << m_out << ": Hessians of " << result["tensors"] << " tensors from "
                  << result["tokens"] << " tokens, with " << result["activations"]
                  << " sampled inputs each, in "
                  << formatSignificant(result["seconds"].get<double>()) << " s\n";
    }

    std::string m_model;
    std::string m_tokens;
    std::string m_out;
    Index m_samples = 256;
    std::uint64_t m_seed = 0;
    int m_threads = 0;
    bool m_force = false;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeCalibrateCommand() {
    return std::make_unique<CalibrateCommand>();
}

}  // namespace quantscope
