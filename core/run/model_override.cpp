// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/model_override.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/io/artifact_file.h"
#include "core/quant/quantized_tensor.h"
#include "core/run/allocation_plan.h"
#include "core/run/artifact_choice.h"
#include "core/store/result_store.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) {
    return "'" + printableText(path.string()) + "'";
}

ModelOverride takeArtifact(LanguageModel& model, const fs::path& path,
                           const MethodRegistry& registry, const OverrideOptions& options,
                           const std::stop_token& stop) {
    DecodedArtifact artifact = decodeFor(model, path, registry, options.prober, stop);
    const Index weights = artifact.values.view().size();
    model.replace(artifact.tensor, std::move(artifact.values));
    return {{artifact.tensor}, artifact.rate, weights, 0};
}

ModelOverride takePlain(LanguageModel& model, const TensorFile& file, const RunContext& context) {
    ModelOverride result;
    for (const TensorInfo& info : file.tensors()) {
        if (!model.contains(info.name)) continue;
        const FoldRule fold = info.shape.size() == 1 ? FoldRule{{}} : FoldRule{{0}};
        Matrix values = readAll(*file.source(info.name, fold), context.stop());
        result.plainWeights += values.view().size();
        model.replace(info.name, std::move(values));
        result.tensors.push_back(info.name);
    }
    if (result.tensors.empty()) {
        throw Error("No tensor of " + quoted(file.path()) + " has a name of the model's.",
                    "Give artifacts, a result folder, or a file with tensors such as "
                    "model.layers.0.mlp.up_proj.weight.");
    }
    return result;
}

// The artifacts that a plan chose, in the folder of its run.
std::vector<fs::path> artifactsOfPlan(const fs::path& path) {
    const AllocationPlan plan = AllocationPlan::fromJson(readJsonFile(path));
    std::vector<fs::path> paths;
    for (const PlannedTensor& tensor : plan.tensors)
        paths.push_back(ResultStore::artifactPath(plan.folder, tensor.option.trialId));
    return paths;
}

bool isArtifact(const TensorFile& file) {
    const auto attributes = file.rootAttributes();
    return attributes.contains("tensor") && attributes.contains("header") &&
           attributes.contains("method");
}

}  // namespace

void ModelOverride::add(const ModelOverride& other) {
    for (const std::string& name : other.tensors) {
        if (std::ranges::find(tensors, name) != tensors.end()) {
            throw Error("The tensor " + name + " is replaced twice.",
                        "Give one artifact for each tensor.");
        }
        tensors.push_back(name);
    }
    rate += other.rate;
    codedWeights += other.codedWeights;
    plainWeights += other.plainWeights;
}

DecodedArtifact decodeFor(const LanguageModel& model, const fs::path& path,
                          const MethodRegistry& registry, const fs::path& prober,
                          const std::stop_token& stop) {
    throwIfStopped(stop);
    Artifact artifact = readArtifact(path, prober);
    if (!model.contains(artifact.tensorName)) {
        throw Error("The artifact " + quoted(path) + " holds '" +
                        printableText(artifact.tensorName) + "', which the model does not have.",
                    "Give artifacts that were made from this model.");
    }
    if (artifact.fold != FoldRule{{0}} && artifact.shape.size() > 1) {
        throw Error("The artifact " + quoted(path) + " was folded with " + artifact.fold.toText() +
                        ", so that its rows are no output channels.",
                    "Quantize the model's matrices with rows=0.");
    }
    const QuantizedTensor tensor(std::move(artifact.tensor), registry);
    Matrix values(tensor.rows(), tensor.cols());
    parallelFor(tensor.rows(), blockRows(tensor.cols()), stop, [&](Index begin, Index end) {
        tensor.decode(begin, values.span().middleRows(begin, end - begin));
    });
    return {artifact.tensorName, std::move(values), tensor.rate()};
}

ModelOverride overrideTensors(LanguageModel& model, const fs::path& path,
                              const MethodRegistry& registry, const OverrideOptions& options,
                              const RunContext& context) {
    if (!fs::exists(path)) {
        throw Error("There is no " + quoted(path) + ".", "Check the path given to --override.");
    }
    ModelOverride result;
    const bool isPlan = path.extension() == ".json";
    if (isPlan || fs::is_directory(path)) {
        const std::vector<fs::path> paths =
            isPlan ? artifactsOfPlan(path) : artifactsAt(path, options.method, registry);
        if (paths.empty()) {
            throw Error("The folder " + quoted(path) + " holds no artifacts.",
                        "Give a result folder, or one with artifact files.");
        }
        for (const fs::path& one : paths) {
            context.throwIfStopped();
            result.add(takeArtifact(model, one, registry, options, context.stop()));
        }
        return result;
    }
    const auto file = TensorFile::open(path, {options.prober, false});
    if (isArtifact(*file)) return takeArtifact(model, path, registry, options, context.stop());
    return takePlain(model, *file, context);
}

}  // namespace quantscope
