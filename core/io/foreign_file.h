// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace quantscope {

/// Throws Error unless `path` is a regular file that carries the HDF5 signature; names well-known
/// other formats and says how to convert them. HDF5 itself is not called.
void checkIsHdf5(const std::filesystem::path& path);

/// The text at the very beginning of a file, where MATLAB writes what it is; at most 128
/// characters.
std::string fileBanner(const std::filesystem::path& path);

}  // namespace quantscope
