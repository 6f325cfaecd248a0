// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file_outline.h"

#include <algorithm>

#include "core/io/dataset_header.h"
#include "core/io/foreign_file.h"

namespace quantscope {

namespace {

/// An entry for what is not a dataset, so that nothing in the file goes unmentioned.
OutlineEntry entryWithoutValues(const FoundObject& object) {
    OutlineEntry entry;
    entry.info.name = objectName(object.path);
    entry.info.dtype = object.kind;
    entry.info.reason = object.problem;
    entry.info.link = object.link;
    entry.info.fold.rowAxes.clear();
    entry.access.path = object.path;
    entry.access.unreadable = object.problem;
    return entry;
}

}  // namespace

std::string FileOutline::groupAttribute(const std::string& path, const std::string& name) const {
    const auto group = groups.find(path);
    if (group == groups.end()) return {};
    const auto attribute = group->second.attributes.find(name);
    return attribute == group->second.attributes.end() ? std::string() : attribute->second;
}

bool FileOutline::groupHasAttribute(const std::string& path, const std::string& name) const {
    const auto group = groups.find(path);
    return group != groups.end() && std::ranges::find(group->second.attributeNames, name) !=
                                        group->second.attributeNames.end();
}

const OutlineEntry* FileOutline::find(const std::string& name) const {
    const auto found = std::ranges::find_if(
        entries, [&](const OutlineEntry& entry) { return entry.info.name == name; });
    return found == entries.end() ? nullptr : &*found;
}

FileOutline outlineFile(const OpenedFile& file, const StepGuard& guard) {
    WalkResult walk = walkObjects(file, guard);
    FileOutline outline;
    outline.banner = fileBanner(file.path());
    outline.groups = std::move(walk.groups);
    outline.entries.reserve(walk.objects.size());
    for (const FoundObject& object : walk.objects) {
        outline.entries.push_back(object.isDataset ? readDatasetHeader(file, object, guard)
                                                   : entryWithoutValues(object));
    }
    return outline;
}

}  // namespace quantscope
