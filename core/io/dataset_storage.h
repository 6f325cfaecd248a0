// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/io/file_outline.h"

namespace quantscope {

/// Fills in how the values of an open dataset are stored, and, in entry.access.unreadable, why they
/// cannot be had: a missing filter, values in another file, values that were never written or lie
/// beyond the end of the file. `entry.info.bytes` must be known.
void readStorage(const Hdf5Pass& pass, const OpenedFile& file, hid_t dataset, OutlineEntry& entry);

}  // namespace quantscope
