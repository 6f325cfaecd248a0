// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/portable_path.h"

namespace quantscope {

std::filesystem::path portablePath(const std::filesystem::path& folder,
                                   const std::filesystem::path& path) {
    if (path.empty()) return path;
    const std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
    const std::filesystem::path relative =
        absolute.lexically_relative(std::filesystem::absolute(folder).lexically_normal());
    if (relative.empty()) return absolute;
    const std::filesystem::path up = "..";
    auto part = relative.begin();
    if (*part == up && (++part == relative.end() || *part == up)) return absolute;
    return relative;
}

std::filesystem::path resolvedPath(const std::filesystem::path& folder,
                                   const std::filesystem::path& path) {
    if (path.empty() || path.is_absolute()) return path;
    return std::filesystem::absolute(folder / path).lexically_normal();
}

}  // namespace quantscope
