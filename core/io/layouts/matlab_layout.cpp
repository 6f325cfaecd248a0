// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/file_layout.h"

#include <algorithm>

namespace quantscope {

namespace {

/// MATLAB 7.3 MAT-files: HDF5 behind a user block of 512 bytes. MATLAB counts the first axis
/// fastest, so the axes stand in the file in reverse.
class MatlabLayout final : public FileLayout {
public:
    std::string id() const override { return "matlab-7.3"; }

    bool matches(const FileOutline& outline) const override {
        return outline.banner.starts_with("MATLAB 7.3 MAT-file") ||
               std::ranges::any_of(outline.entries, [](const OutlineEntry& entry) {
                   return entry.attributes.contains("MATLAB_class");
               });
    }

    void orient(const FileOutline& outline, OutlineEntry& entry) const override {
        const auto kind = entry.attributes.find("MATLAB_class");
        const std::string kindName = kind == entry.attributes.end() ? std::string() : kind->second;
        if (kindName == "char") {
            exclude(entry, "Text (MATLAB char).");
        } else if (kindName == "logical") {
            exclude(entry, "Truth values (MATLAB logical).");
        } else if (entry.attributes.contains("MATLAB_empty")) {
            exclude(entry, "An empty MATLAB array; the file stores its size here.");
        } else if (outline.groupHasAttribute(parentPath(entry), "MATLAB_sparse")) {
            exclude(entry, "Part of a sparse MATLAB matrix; store full(A) to quantize it.");
        }
        const auto rank = static_cast<int>(entry.info.shape.size());
        if (rank < 2) return;
        setFold(entry, {rank - 1},
                rank == 2 ? "rows = MATLAB's rows (MATLAB stores axes in reverse)"
                          : "rows = MATLAB's first dimension (MATLAB stores axes in reverse)");
    }
};

}  // namespace

const FileLayout& matlabLayout() {
    static const MatlabLayout layout;
    return layout;
}

}  // namespace quantscope
