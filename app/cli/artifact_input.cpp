// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/artifact_input.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/run/artifact_choice.h"
#include "core/store/result_store.h"

namespace quantscope {

Artifact openArtifact(const std::filesystem::path& path, const CommandContext& context) {
    Artifact artifact = readArtifact(path, context.prober);
    try {
        context.plugins.requireMethod(artifact.tensor.method.id);
    } catch (const Error& error) {
        throw Error("The artifact '" + path.string() + "' cannot be decoded: " + error.fullText(),
                    "If the method comes with a plugin of its own, name the folder of that in the "
                    "variable " +
                        std::string(pluginPathVariable) + ".");
    }
    return artifact;
}

std::vector<std::filesystem::path> artifactFiles(const std::vector<std::string>& paths,
                                                 const std::string& method,
                                                 const MethodRegistry& registry) {
    std::vector<std::filesystem::path> files;
    for (const std::string& path : paths) {
        const auto found = artifactsAt(path, method, registry);
        if (found.empty()) {
            throw Error("The folder '" + printableText(path) + "' holds no artifacts.",
                        "Give a result folder, or artifact files.");
        }
        files.insert(files.end(), found.begin(), found.end());
    }
    return files;
}

std::vector<std::string> filesBehind(const std::vector<std::string>& paths,
                                     const std::vector<std::filesystem::path>& artifacts) {
    std::vector<std::string> files;
    files.reserve(artifacts.size());
    for (const std::filesystem::path& artifact : artifacts)
        files.push_back(artifact.string());
    for (const std::string& path : paths) {
        if (!std::filesystem::exists(std::filesystem::path(path) / "run.json")) continue;
        const std::vector<std::string> own = ResultStore::filesOf(path);
        files.insert(files.end(), own.begin(), own.end());
    }
    return files;
}

bool wasNormalized(const Artifact& artifact) {
    const auto found = artifact.provenance.find("normalized");
    return found != artifact.provenance.end() && *found == true;
}

}  // namespace quantscope
