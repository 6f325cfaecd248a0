// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/output_file.h"
#include "app/cli/work_progress.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/base/version.h"
#include "core/io/artifact_file.h"
#include "core/run/allocation_plan.h"
#include "core/run/sequential_quantization.h"
#include "core/store/result_store.h"

namespace quantscope {

namespace {

namespace fs = std::filesystem;

/// A folder beside the one that is asked for. Its files move there when they are complete; until
/// then nobody takes a part of a model for the whole.
class StagingFolder {
public:
    explicit StagingFolder(const fs::path& wanted)
        : m_path(fs::absolute(wanted / ".").lexically_normal().parent_path().string() +
                 ".unfinished") {
        fs::remove_all(m_path);
        fs::create_directories(m_path);
    }
    ~StagingFolder() {
        std::error_code ignored;
        fs::remove_all(m_path, ignored);
    }
    StagingFolder(const StagingFolder&) = delete;
    StagingFolder& operator=(const StagingFolder&) = delete;

    const fs::path& path() const { return m_path; }

    void moveTo(const fs::path& folder) const {
        fs::create_directories(folder);
        for (const auto& entry : fs::directory_iterator(m_path))
            fs::rename(entry.path(), folder / entry.path().filename());
    }

private:
    fs::path m_path;
};

class RequantizeCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "requantize",
            "Quantize a language model by the methods of a plan, layer after layer, each for the "
            "inputs that the layers quantized before give it, so that it can make up for their "
            "errors.");
        app->add_option("PLAN", m_plan, "JSON file that `allocate` wrote")->required();
        app->add_option("--model", m_model, "HDF5 file with a Llama-type model")->required();
        app->add_option("--tokens", m_tokens, "HDF5 file with token ids in 'input_ids'")
            ->required();
        app->add_option("-o,--out", m_out, "Folder for the artifacts, one a tensor")->required();
        app->add_flag("--no-correction", m_uncorrected,
                      "Let only the Hessians follow the quantized model, and code the weights as "
                      "they are");
        declareSeed(*app, m_seed, "Seed of the random numbers of methods (default 0)");
        app->add_option("--threads", m_threads, "How many threads work (default: one per core)")
            ->check(CLI::Range(1, 1024));
        app->add_flag("--force", m_force, "Write into a folder that holds files");
        app->add_flag("--json", m_json, "Print {out, tensors, bits_per_weight, seconds}");
        app->footer(
            exampleFooter("quantscope-cli requantize plan.json --model stories260k.h5 --tokens "
                          "stories260k-calibration-tokens.h5 --out artifacts"));
        return app;
    }

    int run(const CommandContext& context) override {
        const auto start = std::chrono::steady_clock::now();
        const AllocationPlan plan = AllocationPlan::fromJson(readJsonFile(m_plan));
        const std::map<std::string, MethodSpec> methods = methodsOf(plan);
        checkFolder();
        const WorkProgress progress(std::cerr);
        const RunContext work(m_seed, context.stop, progress.function());
        const OpenOptions open{context.prober, false};
        RateLedger rate;
        Index weights = 0;
        const StagingFolder staging(m_out);
        Arena(m_threads).execute([&] {
            const auto file = TensorFile::open(m_model, open);
            const LanguageModel model = LanguageModel::load(*file, work.part(0.0, 0.02, 0));
            const ModelConfig& config = model.config();
            const TokenRows tokens = TokenRows::read(*TensorFile::open(m_tokens, open),
                                                     config.vocabulary, config.context);
            warnOfOtherModel(plan, *file, context.stop);
            SequentialOptions options;
            options.correct = !m_uncorrected;
            quantizeSequentially(model, tokens, methods, options, context.plugins.registry,
                                 work.part(0.02, 1.0, 1),
                                 [&](const std::string& tensor, const EncodedTensor& encoded) {
                                     rate += encoded.rate();
                                     weights += encoded.rows * encoded.cols;
                                     write(staging.path(), tensor, encoded);
                                 });
        });
        staging.moveTo(m_out);
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        progress.clear();
        report({{"out", m_out},
                {"tensors", methods.size()},
                {"bits_per_weight", rate.bitsPerWeight(weights)},
                {"seconds", seconds}});
        return Success;
    }

private:
    static std::map<std::string, MethodSpec> methodsOf(const AllocationPlan& plan) {
        std::map<std::string, MethodSpec> methods;
        for (const PlannedTensor& tensor : plan.tensors)
            methods[tensor.tensor] = SweptMethod::parse(tensor.option.method).method;
        return methods;
    }

    // Artifacts of another model among ours would be taken for ours.
    void checkFolder() const {
        if (m_force || !fs::exists(m_out) || (fs::is_directory(m_out) && fs::is_empty(m_out)))
            return;
        throw Error("There is something at '" + printableText(m_out) + "' already.",
                    "Choose another folder, or add --force to write into this one.");
    }

    // What the plan promises is of the file that its run quantized.
    void warnOfOtherModel(const AllocationPlan& plan, const TensorFile& file,
                          const std::stop_token& stop) const {
        if (!fs::exists(fs::path(plan.folder) / "run.json")) return;
        const auto store = ResultStore::open(plan.folder);
        if (store->run().data.fingerprint == file.fingerprint(stop)) return;
        std::cerr << "warning: '" << printableText(m_model)
                  << "' is not the file that the plan's run quantized ('"
                  << printableText(store->run().data.path)
                  << "'): its content differs, and so will the losses.\n";
    }

    void write(const fs::path& folder, const std::string& tensor,
               const EncodedTensor& encoded) const {
        Artifact artifact;
        artifact.tensor = encoded;
        artifact.tensorName = tensor;
        artifact.shape = {encoded.rows, encoded.cols};
        artifact.fold = FoldRule{{0}};
        artifact.provenance = Json{{"file", m_model},
                                   {"tokens", m_tokens},
                                   {"corrected", !m_uncorrected},
                                   {"seed", m_seed},
                                   {"program_version", programVersion()}};
        writeArtifact(folder / (tensor + ".h5"), artifact);
    }

    void report(const Json& result) const {
        if (m_json) {
            std::cout << result.dump(2) << '\n';
            return;
        }
        std::cout << "Wrote " << result["tensors"] << " artifacts to " << m_out << ": "
                  << formatSignificant(result["bits_per_weight"].get<double>(), 5)
                  << " bits per weight, in " << formatSignificant(result["seconds"].get<double>())
                  << " s\n";
    }

    std::string m_plan;
    std::string m_model;
    std::string m_tokens;
    std::string m_out;
    std::uint64_t m_seed = 0;
    int m_threads = 0;
    bool m_uncorrected = false;
    bool m_force = false;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeRequantizeCommand() {
    return std::make_unique<RequantizeCommand>();
}

}  // namespace quantscope
