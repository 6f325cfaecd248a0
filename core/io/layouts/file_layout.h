// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include "core/io/file_outline.h"
#include "core/io/tensor_file.h"

namespace quantscope {

/// A convention by which some program lays out its tensors in HDF5: recognises its files and says
/// which axis means what.
class FileLayout {
public:
    virtual ~FileLayout() = default;

    /// "keras2", "generic", ...: what TensorFile::layout tells.
    virtual std::string id() const = 0;
    virtual bool matches(const FileOutline& outline) const = 0;
    /// Sets orientation and folding of a numeric entry with at least two axes, and takes
    /// `quantizable` away (with the reason) where the layout says that the numbers are no weights
    /// or vectors.
    virtual void orient(const FileOutline& outline, OutlineEntry& entry) const = 0;
    virtual std::optional<SearchGroundTruth> groundTruth(const FileOutline& outline) const;
};

/// The first layout that recognises the file; the last one, generic, always does.
const FileLayout& detectLayout(const FileOutline& outline);

/// Applies the layout to every entry.
void orientEntries(const FileLayout& layout, FileOutline& outline);

// For the layouts: ------------------------------------------------------------------------------

/// Sets folding and orientation together.
void setFold(OutlineEntry& entry, std::vector<int> rowAxes, const std::string& orientation);
/// Takes an entry out of what can be quantized.
void exclude(OutlineEntry& entry, const std::string& reason);
/// The part of a name after the last slash.
std::string_view lastPart(std::string_view name);
/// The path of the group that an entry lies in: "/" or "/a/b".
std::string parentPath(const OutlineEntry& entry);
bool contains(std::string_view text, std::string_view part);

const FileLayout& annBenchmarksLayout();
const FileLayout& genericLayout();
const FileLayout& h5adLayout();
const FileLayout& huggingFaceLayout();
const FileLayout& keras2Layout();
const FileLayout& keras3Layout();
const FileLayout& matlabLayout();

}  // namespace quantscope
