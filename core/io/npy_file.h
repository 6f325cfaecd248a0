// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>

#include "core/io/tensor_writer.h"

namespace quantscope {

/// Writes an array as NumPy's `.npy` file, version 1.0 (NumPy Enhancement Proposal 1):
/// little-endian numbers, C order. `bytes`: elementCount(shape) numbers of `type`. Written aside
/// and renamed. Throws Error.
void writeNpy(const std::filesystem::path& path, const Shape& shape, NumberType type,
              std::span<const std::byte> bytes);

}  // namespace quantscope
