// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/quant/method.h"
#include "core/store/trial_record.h"

namespace quantscope {

/// What the records call the method that `text` means, however it is written: with defaults, in
/// another order, as a Faiss string. The text itself where no record has it, or it is no method.
std::string methodTextIn(std::span<const TrialRecord> records, const std::string& text,
                         const MethodRegistry& registry);

/// The artifact files that `path` stands for: a file itself; of a result folder those of `method`
/// (however it is written; empty where there is but one), in the order of the plan; of any other
/// folder its .h5 files by name. Throws Error when a run has several methods and none is named, or
/// not the one that is.
std::vector<std::filesystem::path> artifactsAt(const std::filesystem::path& path,
                                               const std::string& method,
                                               const MethodRegistry& registry);

}  // namespace quantscope
