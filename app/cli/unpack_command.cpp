// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <set>

#include "app/cli/artifact_input.h"
#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/output_file.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/io/npy_file.h"
#include "core/io/tensor_writer.h"
#include "core/quant/quantized_tensor.h"

namespace quantscope {

namespace {

// Where arrays go, by names with slashes.
class ArraySink {
public:
    virtual ~ArraySink() = default;

    virtual void write(const std::string& name, const Shape& shape, NumberType type,
                       std::span<const std::byte> bytes) = 0;
    // What the arrays below `name` are.
    virtual void describe(const std::string& name, const Json& about) = 0;
    virtual void finish() = 0;
};

class Hdf5Sink final : public ArraySink {
public:
    explicit Hdf5Sink(const std::filesystem::path& path) : m_writer(path, true) {}

    void write(const std::string& name, const Shape& shape, NumberType type,
               std::span<const std::byte> bytes) override {
        m_writer.writeArray(name, shape, type, bytes);
    }
    void describe(const std::string& name, const Json& about) override {
        m_writer.writeAttributeOf(name + "/codes", "about", about.dump());
    }
    void finish() override { m_writer.finish(); }

private:
    TensorWriter m_writer;
};

class NpySink final : public ArraySink {
public:
    explicit NpySink(std::filesystem::path folder) : m_folder(std::move(folder)) {}

    void write(const std::string& name, const Shape& shape, NumberType type,
               std::span<const std::byte> bytes) override {
        writeNpy(placeOf(name + ".npy"), shape, type, bytes);
    }
    void describe(const std::string& name, const Json& about) override {
        writeTextFile(placeOf(name + "/about.json"), about.dump(2) + "\n");
    }
    void finish() override {}

private:
    // Names may hold what leads out of the folder.
    std::filesystem::path placeOf(const std::string& name) const {
        std::filesystem::path place = m_folder;
        for (const auto& part : std::filesystem::path(name).relative_path())
            place /= part == "." || part == ".." ? std::filesystem::path("_") : part;
        std::error_code failure;
        std::filesystem::create_directories(place.parent_path(), failure);
        if (failure) {
            throw Error("The folder '" + printableText(place.parent_path().string()) +
                            "' cannot be made: " + failure.message() + ".",
                        "Choose a folder that you may write to.");
        }
        return place;
    }

    std::filesystem::path m_folder;
};

template <typename Number>
void writeCodes(ArraySink& sink, const std::string& name, const Shape& shape, NumberType type,
                const QuantizedTensor& tensor, const std::stop_token& stop) {
    constexpr Index codesAtOnce = Index{1} << 16;
    const Index perRow = shape[1] * shape[2];
    const Index rowsAtOnce = std::max<Index>(1, codesAtOnce / perRow);
    std::vector<Number> all(static_cast<std::size_t>(tensor.rows() * perRow));
    parallelFor(tensor.rows(), rowsAtOnce, stop, [&](Index begin, Index end) {
        std::vector<std::uint32_t> codes(static_cast<std::size_t>((end - begin) * perRow));
        tensor.codes(begin, codes);
        std::ranges::transform(codes, all.begin() + begin * perRow,
                               [](std::uint32_t code) { return static_cast<Number>(code); });
    });
    sink.write(name, shape, type, std::as_bytes(std::span(all)));
}

std::string combination(const CodeShape& shape) {
    if (shape.parts == 1) return "sum";
    return shape.parts == shape.codesPerVector() ? "concatenation" : "concatenation of sums";
}

class UnpackCommand final : public Command {
public:
    CLI::App* declare(CLI::App& program) override {
        CLI::App* app = program.add_subcommand(
            "unpack", "Write codes and codebooks of artifacts as arrays for other programs.");
        declareList(*app, "ARTIFACT", m_artifacts, "Artifact files, or the result folder of a run")
            ->required();
        app->add_option("--method", m_method,
                        "Of a result folder with several methods, the one that is meant");
        CLI::Option_group* where = app->add_option_group("output");
        where->add_option("-o,--out", m_out, "HDF5 file to write");
        where->add_option("--npy", m_folder, "Folder to write .npy files to");
        where->require_option(1);
        declareForce(*app, m_force);
        app->add_flag("--json", m_json, "Print an array of what the arrays are");
        app->footer(
            exampleFooter("quantscope-cli unpack results --method pq:m=8,bits=4 --out codes.h5"));
        return app;
    }

    int run(const CommandContext& context) override {
        const std::vector<std::filesystem::path> files =
            artifactFiles(m_artifacts, m_method, context.plugins.registry);
        const std::unique_ptr<ArraySink> sink = openSink(filesBehind(m_artifacts, files));
        Json list = Json::array();
        std::set<std::string> names;
        for (const std::filesystem::path& file : files) {
            const std::string path = file.string();
            Artifact artifact = openArtifact(file, context);
            if (!names.insert(artifact.tensorName).second) {
                throw Error("More than one of the artifacts hold the tensor '" +
                                printableText(artifact.tensorName) + "'.",
                            "Unpack one method's artifacts at a time.");
            }
            list.push_back(write(*sink, path, std::move(artifact), context));
        }
        sink->finish();
        report(list);
        return Success;
    }

private:
    std::unique_ptr<ArraySink> openSink(const std::vector<std::string>& inputs) const {
        if (!m_out.empty()) {
            checkOutput(m_out, m_force, inputs);
            return std::make_unique<Hdf5Sink>(m_out);
        }
        // Arrays of something else beside the new ones would be taken for theirs.
        std::error_code ignored;
        if (std::filesystem::exists(m_folder, ignored) &&
            !std::filesystem::is_empty(m_folder, ignored)) {
            throw Error("'" + printableText(m_folder) + "' exists and is not an empty folder.",
                        "Choose another name, or empty it.");
        }
        return std::make_unique<NpySink>(m_folder);
    }

    static Json write(ArraySink& sink, const std::string& path, Artifact artifact,
                      const CommandContext& context) {
        const bool normalized = wasNormalized(artifact);
        const QuantizedTensor tensor(std::move(artifact.tensor), context.plugins.registry);
        const std::string method = tensor.encoded().method.toText();
        const std::optional<CodeShape> shape = tensor.codeShape();
        if (!shape) {
            throw Error("The artifact '" + path + "' has no codes that codebooks alone explain (" +
                            method + ").",
                        "Unpack artifacts of pq, rvq, additive or kmeans; decode writes the values "
                        "of every method.");
        }
        const std::string& name = artifact.tensorName;
        const Shape extent{tensor.rows(), shape->vectorsPerRow, shape->codesPerVector()};
        const int widest = std::ranges::max(shape->bits);
        const bool isEqual = std::ranges::min(shape->bits) == widest;
        const std::string codes = name + "/codes";
        if (widest <= 8) {
            writeCodes<std::uint8_t>(sink, codes, extent, NumberType::UInt8, tensor, context.stop);
        } else if (widest <= 16) {
            writeCodes<std::uint16_t>(sink, codes, extent, NumberType::UInt16, tensor,
                                      context.stop);
        } else {
            writeCodes<std::uint32_t>(sink, codes, extent, NumberType::UInt32, tensor,
                                      context.stop);
        }
        Json books = Json::array();
        for (const Codebook& book : tensor.codebooks()) {
            books.push_back("codebooks/" + book.name);
            std::string place = name;
            place.append("/codebooks/").append(book.name);
            sink.write(place, {static_cast<Index>(book.counts.size()), book.dim},
                       NumberType::Float32, std::as_bytes(std::span(book.codewords)));
        }
        if (shape->rotation.rows() > 0) {
            const MatrixView rotation = shape->rotation.view();
            sink.write(
                name + "/rotation", {rotation.rows, rotation.cols}, NumberType::Float32,
                std::as_bytes(std::span(rotation.data, static_cast<std::size_t>(rotation.size()))));
        }
        const Shape original =
            artifact.shape.empty() ? Shape{tensor.rows(), tensor.cols()} : artifact.shape;
        Json about{{"tensor", name},
                   {"method", method},
                   {"shape", original},
                   {"fold", artifact.fold.toText()},
                   {"rows", tensor.rows()},
                   {"columns", tensor.cols()},
                   {"axes", {"row", "vector", "code"}},
                   {"bits", isEqual ? Json(widest) : Json(shape->bits)},
                   {"combine", combination(*shape)},
                   {"parts", shape->parts},
                   {"codebooks", std::move(books)},
                   {"rotated", shape->rotation.rows() > 0},
                   {"normalized", normalized}};
        sink.describe(name, about);
        return about;
    }

    void report(const Json& list) const {
        if (m_json) {
            std::cout << list.dump(2) << '\n';
            return;
        }
        for (const Json& about : list) {
            std::cout << printableText(about["tensor"].get<std::string>()) << "  "
                      << about["method"].get<std::string>() << "  " << about["codebooks"].size()
                      << " codebooks\n";
        }
        std::cout << "Wrote " << (m_out.empty() ? m_folder : m_out) << '\n';
    }

    std::vector<std::string> m_artifacts;
    std::string m_method;
    std::string m_out;
    std::string m_folder;
    bool m_force = false;
    bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> makeUnpackCommand() {
    return std::make_unique<UnpackCommand>();
}

}  // namespace quantscope
