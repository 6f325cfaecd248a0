// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/json.h"

namespace quantscope {

/// The whole content of a small file. Throws Error that says why it cannot be read.
std::string readTextFile(const std::filesystem::path& path);

/// Reads a JSON file. Throws Error that names line and column of the first mistake.
Json readJsonFile(const std::filesystem::path& path);

/// Writes a file with this content to outputTarget(path): written aside, flushed to disk and
/// renamed, so there is the old content or the new one at any moment. Throws Error.
void writeTextFile(const std::filesystem::path& path, std::string_view content);

}  // namespace quantscope
