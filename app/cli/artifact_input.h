// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "app/cli/command.h"
#include "core/io/artifact_file.h"

namespace quantscope {

/// Reads an artifact whose method is there. Throws Error that says what is damaged, or which plugin
/// is missing and how to name it.
Artifact openArtifact(const std::filesystem::path& path, const CommandContext& context);

/// Whether its rows were scaled to unit length before they were quantized.
bool wasNormalized(const Artifact& artifact);

}  // namespace quantscope
