// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/io/artifact_file.h"

namespace quantscope {

/// The text that an artifact keeps of an encoded tensor beside the bytes of its sections.
std::string formatArtifactHeader(const EncodedTensor& tensor);

/// Reads it back; the sections come without their bytes. Throws Error in words about the header
/// only.
EncodedTensor parseArtifactHeader(const std::string& text);

}  // namespace quantscope
