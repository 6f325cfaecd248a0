// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/hessian/byte_cursor.h"
#include "core/hessian/importance_file.h"

namespace quantscope {

/// The layers of an importance file in the GGUF format, which `file` stands at the beginning of.
/// `tensor` is set for experts only. Throws Error.
std::vector<LayerImportance> readGgufImportance(ByteCursor& file);

}  // namespace quantscope
