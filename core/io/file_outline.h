// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/io/element_type.h"
#include "core/io/object_walk.h"
#include "core/io/opened_file.h"
#include "core/tensor/tensor_info.h"

namespace quantscope {

/// What is needed to read the values of a dataset.
struct DatasetAccess {
    std::string path;  ///< Raw bytes, for HDF5.
    Shape shape;
    Shape chunk;             ///< Empty unless chunked.
    ElementType element;     ///< Kind None when the values are not numbers.
    std::string unreadable;  ///< Sentence why the values cannot be read; empty if they can.
    /// The values pass through chunk indices, filters or conversions of HDF5, which can crash on
    /// damaged files; plain contiguous values are only copied.
    bool indirect = false;
    /// What its values are stored in, wherever that is: bytes of the dataset or, for a virtual one,
    /// of all the files that it draws from.
    std::uint64_t backingBytes = 0;
};

/// One entry of a file as the headers tell it.
struct OutlineEntry {
    TensorInfo info;
    DatasetAccess access;
    std::map<std::string, std::string> attributes;  ///< Short ones of the dataset.
};

/// Everything that the headers of a file tell.
struct FileOutline {
    std::vector<OutlineEntry> entries;         ///< In natural order of their names.
    std::map<std::string, FoundGroup> groups;  ///< By raw path; the root is "/".
    std::string banner;                        ///< The first bytes of the file, where MATLAB signs.

    const FoundGroup& root() const { return groups.at("/"); }
    /// Attribute of the group at `path` ("/a/b"); empty if there is none.
    std::string groupAttribute(const std::string& path, const std::string& name) const;
    bool groupHasAttribute(const std::string& path, const std::string& name) const;
    const OutlineEntry* find(const std::string& name) const;
};

/// Reads all headers of a file; no values. Throws Error when the file cannot be listed; what cannot
/// be read below the root is listed with the reason.
FileOutline outlineFile(const OpenedFile& file, const StepGuard& guard);

}  // namespace quantscope
