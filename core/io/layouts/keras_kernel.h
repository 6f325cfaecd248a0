// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "core/io/file_outline.h"

namespace quantscope {

/// Orients a weight of Keras by the kind of its layer, which `path` (lower case) tells, and by its
/// role
/// ("kernel", "recurrent_kernel", "depthwise_kernel", "embeddings", empty if unknown).
void orientKerasWeight(std::string_view path, std::string_view role, OutlineEntry& entry);

}  // namespace quantscope
