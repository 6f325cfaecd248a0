// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "app/cli/artifact_input.h"
#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/output_file.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/io/tensor_writer.h"
#include "core/quant/quantized_tensor.h"

namespace quantscope {

namespace {

Shape shapeOf(const Artifact& artifact) {
    return artifact.shape.empty() ? Shape{artifact.tensor.rows, artifact.tensor.cols}
                                  : artifact.shape;
}

class DecodeCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "decode", "Turn artifacts back into float32 tensors with their names and shapes.");
        declareList(*app, "ARTIFACT", m_artifacts, "Artifact files, or the result folder of a run")
            ->required();
        app->add_option("--method", m_method,
                        "Of a result folder with several methods, the one that is meant");
        app->add_option("-o,--out", m_out, "HDF5 file to write")->required();
        app->add_option("--stages", m_stages,
                        "Only the first N stages of residual codes: what a reader gets that stops "
                        "early")
            ->check(CLI::PositiveNumber);
        declareForce(*app, m_force);
        app->add_flag("--json", m_json,
                      "Print an array of {artifact, tensor, shape, method, normalized}");
        app->footer(
            exampleFooter("quantscope-cli decode results --method scalar:bits=4 --out decoded.h5"));
        return app;
    }

    int run(const CommandContext& context) override {
        const std::vector<std::filesystem::path> files =
            artifactFiles(m_artifacts, m_method, context.plugins.registry);
        checkOutput(m_out, m_force, filesBehind(m_artifacts, files));
        TensorWriter writer(m_out);
        Json list = Json::array();
        std::map<std::string, std::string> writtenFrom;
        for (const std::filesystem::path& file : files) {
            const std::string path = file.string();
            Artifact artifact = openArtifact(file, context);
            const auto [earlier, isNew] = writtenFrom.emplace(artifact.tensorName, path);
            if (!isNew) {
                throw Error("Both " + earlier->second + " and " + path + " hold the tensor " +
                                artifact.tensorName + ".",
                            "Decode one method's artifacts at a time.");
            }
            list.push_back({{"artifact", path},
                            {"tensor", artifact.tensorName},
                            {"shape", shapeOf(artifact)},
                            {"method", artifact.tensor.method.toText()},
                            {"normalized", wasNormalized(artifact)}});
            write(writer, std::move(artifact), context);
        }
        if (const std::string names = normalizedNames(list); !names.empty()) {
            writer.writeAttribute("normalized_tensors", names);
        }
        writer.finish();
        report(list);
        return Success;
    }

private:
    static std::string normalizedNames(const Json& list) {
        std::string names;
        for (const Json& entry : list) {
            if (entry["normalized"] != true) continue;
            names += (names.empty() ? "" : ", ") + entry["tensor"].get<std::string>();
        }
        return names;
    }

    void write(TensorWriter& writer, Artifact artifact, const CommandContext& context) const {
        const Shape shape = shapeOf(artifact);
        const FoldRule fold = artifact.fold;
        const std::string name = artifact.tensorName;
        const QuantizedTensor tensor(std::move(artifact.tensor), context.plugins.registry);
        if (m_stages > tensor.stages()) {
            throw Error(
                "'" + printableText(name) + "' has " +
                    (tensor.stages() == 0 ? "no stages"
                                          : std::to_string(tensor.stages()) + " stages") +
                    ", but --stages asks for " + std::to_string(m_stages) + ".",
                "Only residual quantizers (rvq) have stages; ask for no more than there are.");
        }
        writer.write(
            name, shape, fold,
            [&](Index first, MatrixSpan out) {
                if (m_stages > 0) {
                    tensor.decodeStages(m_stages, first, out);
                } else {
                    tensor.decode(first, out);
                }
            },
            context.stop);
    }

    void report(const Json& list) const {
        if (m_json) {
            std::cout << list.dump(2) << '\n';
            return;
        }
        for (const Json& entry : list) {
            std::cout << printableText(entry["tensor"].get<std::string>()) << "  "
                      << formatShape(entry["shape"].get<Shape>()) << "  "
                      << entry["method"].get<std::string>() << '\n';
        }
        std::cout << "Wrote " << m_out << '\n';
        if (const std::string names = normalizedNames(list); !names.empty()) {
            std::cout << "Rows of unit length, because the run normalized them and did not keep "
                         "their lengths: "
                      << names << '\n';
        }
    }

    std::vector<std::string> m_artifacts;
    std::string m_method;
    std::string m_out;
    Index m_stages = 0;  // 0: all there is.
    bool m_force = false;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeDecodeCommand() {
    return std::make_unique<DecodeCommand>();
}

}  // namespace quantscope
