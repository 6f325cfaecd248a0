// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace quantscope {

/// The artifact files that `path` stands for: a file itself; of a result folder those of `method`
/// (its text form; empty where there is but one), in the order of the plan; of any other folder its
/// .h5 files by name. Throws Error when a run has several methods and none is named, or not the one
/// that is.
std::vector<std::filesystem::path> artifactsAt(const std::filesystem::path& path,
                                               const std::string& method);

}  // namespace quantscope
