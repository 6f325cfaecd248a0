// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace quantscope {

/// The place where writing to `path` puts a file: `path` itself, or what it points to if it is a
/// symbolic link, so that a link stays one. Throws Error when something is there that a file must
/// not take the place of (a device, a pipe, a folder), or a link that leads nowhere.
std::filesystem::path outputTarget(const std::filesystem::path& path);

}  // namespace quantscope
