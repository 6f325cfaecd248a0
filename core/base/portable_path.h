// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace quantscope {

/// `path` as it is written in a file inside `folder`: relative while that needs no more than one
/// step up, so that a folder can move together with the data around it; absolute beyond.
std::filesystem::path portablePath(const std::filesystem::path& folder,
                                   const std::filesystem::path& path);

/// The absolute path behind what portablePath() wrote; an empty path stays empty.
std::filesystem::path resolvedPath(const std::filesystem::path& folder,
                                   const std::filesystem::path& path);

}  // namespace quantscope
