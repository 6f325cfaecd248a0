// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "core/base/json.h"
#include "core/quant/encoded_tensor.h"

namespace quantscope {

/// An encoded tensor as it lies in an artifact file.
struct Artifact {
    EncodedTensor tensor;
    std::string tensorName;  ///< Name in the source file.
    Json provenance;         ///< Source file, fingerprint, seed, program version.
};

/// Writes `<path>` (HDF5) with one uint8 dataset per section and the header as an attribute. The
/// file is written aside and renamed, so it is either whole or absent. Throws Error.
void writeArtifact(const std::filesystem::path& path, const Artifact& artifact);

/// Reads what writeArtifact wrote; throws Error when the file is not an artifact or is damaged.
Artifact readArtifact(const std::filesystem::path& path);

/// Bytes that writeArtifact adds to the sections for the header (method, shape, names).
std::uint64_t headerBytes(const EncodedTensor& tensor);

}  // namespace quantscope
