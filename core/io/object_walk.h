// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/io/opened_file.h"

namespace quantscope {

/// Something that a path of the file leads to, or fails to lead to.
struct FoundObject {
    std::string path;  ///< Raw bytes, with the leading slash: what HDF5 wants to hear.
    bool isDataset = false;
    std::string kind;  ///< Of what is not a dataset: "group", "soft link", "external link", ...
    std::string
        problem;       ///< Sentence why it is not looked into; empty for datasets that may be read.
    std::string link;  ///< How it is reached if not by its own name: "soft link to /a/b".
    /// Path under which the same dataset was found first; empty for that one itself.
    std::string sameAs = {};
};

/// A group that was listed, and its attributes that tell what wrote it.
struct FoundGroup {
    std::string path;
    std::map<std::string, std::string> attributes;
    std::vector<std::string> attributeNames;
};

struct WalkResult {
    std::vector<FoundObject> objects;          ///< In natural order of their paths.
    std::map<std::string, FoundGroup> groups;  ///< By path; the root is "/".
};

/// Guards each step into the file: called with the name (see objectName) of every object before
/// HDF5 touches it. Returns why it must not be touched; empty to go on.
using StepGuard = std::function<std::string(const std::string& name)>;

/// Name of an object for people: its path without the leading slash, as valid UTF-8; "/" for the
/// root.
std::string objectName(const std::string& path);

/// Lists every dataset once per hard link and soft link to it, and what cannot be followed with the
/// reason. Every group is entered once, so cycles end. Throws Error when the root cannot be listed.
WalkResult walkObjects(const OpenedFile& file, const StepGuard& guard);

}  // namespace quantscope
