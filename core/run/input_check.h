// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "core/store/run_info.h"

namespace quantscope {

/// Throws Error unless the file at `path`, whose identity is `fingerprint` (see
/// TensorFile::fingerprint), has the content that a run read from `read`: results of one file say
/// nothing of another one. `role` is what it was to the run: "the file that the run quantized".
void refuseOtherContent(const InputFile& read, const std::filesystem::path& path,
                        const std::string& fingerprint, const std::string& role);

}  // namespace quantscope
