// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/layouts/file_layout.h"

#include <array>

namespace quantscope {

std::optional<SearchGroundTruth> FileLayout::groundTruth(const FileOutline& /*outline*/) const {
    return {};
}

const FileLayout& detectLayout(const FileOutline& outline) {
    // From the most specific sign to the least.
    const std::array layouts = {&matlabLayout(), &h5adLayout(),          &keras2Layout(),
                                &keras3Layout(), &annBenchmarksLayout(), &huggingFaceLayout()};
    for (const FileLayout* layout : layouts) {
        if (layout->matches(outline)) return *layout;
    }
    return genericLayout();
}

void orientEntries(const FileLayout& layout, FileOutline& outline) {
    for (OutlineEntry& entry : outline.entries) {
        if (!entry.access.element.isNumber() || entry.info.shape.empty()) continue;
        if (entry.info.shape.size() == 1) setFold(entry, {}, "a vector; it becomes one row");
        layout.orient(outline, entry);
    }
}

void setFold(OutlineEntry& entry, std::vector<int> rowAxes, const std::string& orientation) {
    entry.info.fold.rowAxes = std::move(rowAxes);
    entry.info.orientation = orientation;
}

void exclude(OutlineEntry& entry, const std::string& reason) {
    entry.info.quantizable = false;
    entry.info.reason = reason;
}

std::string_view lastPart(std::string_view name) {
    return name.substr(name.rfind('/') + 1);
}

std::string parentPath(const OutlineEntry& entry) {
    const std::size_t slash = entry.access.path.rfind('/');
    return slash == 0 ? "/" : entry.access.path.substr(0, slash);
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace quantscope
