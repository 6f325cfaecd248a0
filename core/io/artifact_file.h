// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "core/base/json.h"
#include "core/quant/encoded_tensor.h"
#include "core/tensor/fold_rule.h"

namespace quantscope {

/// An encoded tensor as it lies in an artifact file.
struct Artifact {
    EncodedTensor tensor;
    std::string tensorName;  ///< Name in the source file.
    Json provenance;         ///< Source file, fingerprint, seed, program version.
    Shape shape;             ///< In the source file; empty if it was the matrix itself.
    FoldRule fold;           ///< How the matrix was made from that shape.
};

/// Writes `<path>` (HDF5) with one uint8 dataset per section and the header as an attribute. The
/// file is written aside and renamed, so it is either whole or absent. Throws Error.
void writeArtifact(const std::filesystem::path& path, const Artifact& artifact);

/// Reads what writeArtifact wrote; throws Error when the file is not an artifact or is damaged.
/// Never allocates more than the file holds. With a `prober` (see OpenOptions) the file is first
/// probed in a process of its own, as is right for files that came from elsewhere.
Artifact readArtifact(const std::filesystem::path& path, const std::filesystem::path& prober = {});

/// Bytes of the header that writeArtifact stores beside the sections: method, size, names of the
/// sections. What HDF5 itself needs to keep them apart (a few kB) is not counted.
std::uint64_t headerBytes(const EncodedTensor& tensor);

}  // namespace quantscope
