// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "core/io/artifact_file.h"

namespace quantscope {

/// Reads an artifact whose method is there. Throws Error that says what is damaged, or which plugin
/// is missing and how to name it.
Artifact openArtifact(const std::filesystem::path& path, const CommandContext& context);

/// The artifact files that `paths` stand for; see artifactsAt. Throws Error when there is none.
std::vector<std::filesystem::path> artifactFiles(const std::vector<std::string>& paths,
                                                 const std::string& method,
                                                 const MethodRegistry& registry);

/// All files that commands on these artifacts read, for checkOutput: the artifacts, and what else a
/// result folder among `paths` consists of.
std::vector<std::string> filesBehind(const std::vector<std::string>& paths,
                                     const std::vector<std::filesystem::path>& artifacts);

/// Whether its rows were scaled to unit length before they were quantized.
bool wasNormalized(const Artifact& artifact);

}  // namespace quantscope
