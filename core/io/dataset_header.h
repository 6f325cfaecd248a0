// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/io/file_outline.h"

namespace quantscope {

/// Reads the header of a dataset: shape, type, storage, and whether its values can be read and
/// quantized. Nothing is allocated for what a header merely claims. What is wrong goes into the
/// entry.
OutlineEntry readDatasetHeader(const OpenedFile& file, const FoundObject& object,
                               const StepGuard& guard);

}  // namespace quantscope
