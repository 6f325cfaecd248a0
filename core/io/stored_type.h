// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/io/element_type.h"
#include "core/io/hdf5_gate.h"

namespace quantscope {

/// The type of a dataset as its header states it.
struct StoredType {
    std::string name;       ///< "float32", "string", "compound", ...
    std::size_t bytes = 0;  ///< Of one element.
    ElementType element;    ///< Kind None if the elements are not numbers we can quantize.
    std::string reason;     ///< Why they are not; empty if they are.
};

/// Describes an HDF5 datatype; `dtypeName` is the text of the dataset's `dtype` attribute, which
/// tells what integers or opaque bytes really hold (may be empty).
StoredType describeType(const Hdf5Pass& pass, hid_t type, const std::string& dtypeName);

}  // namespace quantscope
