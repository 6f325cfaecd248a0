// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "app/cli/artifact_input.h"
#include "app/cli/commands.h"
#include "app/cli/output_file.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/io/tensor_file.h"
#include "core/io/tensor_writer.h"
#include "core/quant/quantized_tensor.h"
#include "core/run/allocation_plan.h"
#include "core/store/result_store.h"

namespace quantscope {

namespace {

class ApplyCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "apply",
            "Write a copy of a file in which the tensors of a plan have their dequantized values.");
        app->add_option("PLAN", m_plan, "JSON file that `allocate` wrote")->required();
        app->add_option("--model", m_model, "The file that the plan's run quantized")->required();
        app->add_option("-o,--out", m_out, "HDF5 file to write, all tensors as float32")
            ->required();
        declareForce(*app, m_force);
        app->add_flag("--json", m_json, "Print {out, quantized, copied, bits_per_weight}");
        app->footer(exampleFooter(
            "quantscope-cli apply plan.json --model stories260k.h5 --out quantized.h5"));
        return app;
    }

    int run(const CommandContext& context) override {
        checkOutput(m_out, m_force, {m_plan, m_model});
        const AllocationPlan plan = AllocationPlan::fromJson(readJsonFile(m_plan));
        checkOutput(m_out, m_force, ResultStore::filesOf(plan.folder));
        const auto file = TensorFile::open(m_model, {context.prober, false});
        warnOfOtherModel(plan, *file, context);
        std::map<std::string, const PlannedTensor*> planned;
        for (const PlannedTensor& tensor : plan.tensors) {
            if (file->find(tensor.tensor) == nullptr) {
                throw Error("The model has no tensor '" + printableText(tensor.tensor) +
                                "' that the plan names.",
                            "Give the file that the plan's run quantized.");
            }
            planned[tensor.tensor] = &tensor;
        }
        TensorWriter writer(m_out);
        for (const auto& [name, value] : file->rootAttributes())
            writer.writeAttribute(name, value);
        Index copied = 0;
        for (const TensorInfo& info : file->tensors()) {
            const auto tensor = planned.find(info.name);
            if (tensor != planned.end()) {
                writeQuantized(writer, *tensor->second, plan.folder, info, context);
            } else if (copy(writer, *file, info, context)) {
                ++copied;
            }
        }
        writer.finish();
        report(plan, copied);
        return Success;
    }

private:
    // Another file with tensors of the same names may be meant, but hardly is.
    static void warnOfOtherModel(const AllocationPlan& plan, const TensorFile& file,
                                 const CommandContext& context) {
        const InputFile data = ResultStore::open(plan.folder)->run().data;
        if (file.fingerprint(context.stop) == data.fingerprint) return;
        std::cerr << "warning: '" << printableText(file.path().string())
                  << "' is not the file that the plan's run quantized ('"
                  << printableText(data.path)
                  << "'): its content differs. The tensors of the plan get that file's values.\n";
    }

    static void writeQuantized(TensorWriter& writer, const PlannedTensor& planned,
                               const std::filesystem::path& folder, const TensorInfo& info,
                               const CommandContext& context) {
        Artifact artifact =
            openArtifact(ResultStore::artifactPath(folder, planned.option.trialId), context);
        const FoldRule fold = artifact.fold;
        const QuantizedTensor tensor(std::move(artifact.tensor), context.plugins.registry);
        const bool fits = artifact.tensorName == info.name && artifact.shape == info.shape;
        if (!fits) {
            throw Error("The artifact of '" + printableText(planned.tensor) +
                            "' is of another tensor or shape than the model's.",
                        "Give the file that the plan's run quantized.");
        }
        writer.write(
            info.name, info.shape, fold,
            [&](Index first, MatrixSpan out) { tensor.decode(first, out); }, context.stop);
    }

    static bool copy(TensorWriter& writer, const TensorFile& file, const TensorInfo& info,
                     const CommandContext& context) {
        // Texts, references and the like are no tensors of the model.
        if (!info.quantizable && info.shape.empty()) return false;
        const auto source = file.source(info.name, info.fold);
        writer.write(
            info.name, info.shape, info.fold,
            [&](Index first, MatrixSpan out) { source->read(first, out, context.stop); },
            context.stop);
        return true;
    }

    void report(const AllocationPlan& plan, Index copied) const {
        if (m_json) {
            std::cout << Json{{"out", m_out},
                              {"quantized", plan.tensors.size()},
                              {"copied", copied},
                              {"bits_per_weight", plan.achievedBitsPerWeight}}
                             .dump(2)
                      << '\n';
            return;
        }
        std::cout << "Wrote " << m_out << ": " << plan.tensors.size() << " tensors at "
                  << formatSignificant(plan.achievedBitsPerWeight, 5) << " bits per weight, "
                  << copied << " copied\n";
    }

    std::string m_plan;
    std::string m_model;
    std::string m_out;
    bool m_force = false;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeApplyCommand() {
    return std::make_unique<ApplyCommand>();
}

}  // namespace quantscope
