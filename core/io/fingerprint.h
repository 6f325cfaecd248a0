// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

namespace quantscope {

/// 128-bit XXH3 hash over the size of a file (8 bytes, little-endian) and all its bytes, as 32 hex
/// digits. Reads in blocks. Throws Error, Cancelled.
std::string fileFingerprint(const std::filesystem::path& path, const std::stop_token& stop);

}  // namespace quantscope
