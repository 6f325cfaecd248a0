// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/object_walk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/natural_order.h"
#include "core/base/utf8.h"
#include "core/io/attributes.h"

namespace quantscope {

namespace {

constexpr int maximumDepth = 512;
constexpr std::size_t maximumObjects = 1'000'000;
constexpr std::size_t maximumAttributeBytes = 65536;

struct NamedLink {
    std::string name;
    H5L_type_t type = H5L_TYPE_ERROR;
};

herr_t collectLink(hid_t /*group*/, const char* name, const H5L_info_t* info,
                   void* links) noexcept {
    try {
        static_cast<std::vector<NamedLink>*>(links)->push_back({name, info->type});
        return 0;
    } catch (...) {
        return -1;
    }
}

/// What tells one object of one file from another.
using ObjectIdentity = std::pair<unsigned long, haddr_t>;

struct ObjectFacts {
    ObjectIdentity identity;
    H5O_type_t type = H5O_TYPE_UNKNOWN;
};

class Walk {
public:
    Walk(const OpenedFile& file, const StepGuard& guard) : m_file(file), m_guard(guard) {}

    WalkResult run() {
        std::string problem = listGroup("/", 0);
        if (!problem.empty()) {
            throw Error(
                "'" + printableText(m_file.path().string()) + "' cannot be listed: " + problem,
                "Copy or download the file again.");
        }
        // Links come second, so that an object is listed under its own name first.
        for (std::size_t i = 0; i < m_symbolicLinks.size(); ++i)
            resolve(m_symbolicLinks[i]);
        std::ranges::sort(m_result.objects,
                          [](const auto& a, const auto& b) { return naturalLess(a.path, b.path); });
        return std::move(m_result);
    }

private:
    struct SymbolicLink {
        std::string path;
        H5L_type_t type;
        int depth;
    };

    /// Enters a group and what hangs below it by hard links. Returns why it could not.
    std::string listGroup(const std::string& path, int depth);
    std::vector<NamedLink> readLinks(const std::string& path, std::string& problem);
    void followHardLink(const std::string& path, int depth);
    void followGroup(const std::string& path, const ObjectFacts& facts, int depth,
                     const std::string& link);
    void resolve(const SymbolicLink& link);
    std::string describeLink(const SymbolicLink& link);
    std::optional<ObjectFacts> lookUp(const std::string& path, std::string& problem);
    void add(FoundObject object);

    const OpenedFile& m_file;
    const StepGuard& m_guard;
    WalkResult m_result;
    std::map<ObjectIdentity, std::string> m_visitedGroups;
    std::map<ObjectIdentity, std::string> m_knownDatasets;
    std::vector<SymbolicLink> m_symbolicLinks;
    std::string m_enteredThrough;  ///< The link that led into the group being listed, if any.
};

void Walk::add(FoundObject object) {
    if (m_result.objects.size() >= maximumObjects) {
        throw Error("'" + printableText(m_file.path().string()) + "' lists more than " +
                        std::to_string(maximumObjects) + " objects.",
                    "Split the file, or check whether it is damaged.");
    }
    m_result.objects.push_back(std::move(object));
}

std::vector<NamedLink> Walk::readLinks(const std::string& path, std::string& problem) {
    problem = m_guard(objectName(path));
    if (!problem.empty()) return {};
    const Hdf5Pass pass;
    const Hdf5Handle access = m_file.linkAccess(pass);
    const Hdf5Handle group(pass, H5Oopen(m_file.id(), path.c_str(), access.id()));
    if (!group.valid()) {
        problem = "the group cannot be opened: " + m_file.linkFailure(pass) + ".";
        return {};
    }
    std::vector<NamedLink> links;
    hsize_t position = 0;
    if (H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_INC, &position, collectLink, &links) < 0) {
        problem = "the group cannot be listed: " + hdf5Reason(pass) + ".";
        return {};
    }
    FoundGroup& found = m_result.groups[path];
    found.path = path;
    found.attributes = textAttributes(pass, group.id(), maximumAttributeBytes);
    for (const std::string& name : attributeNames(pass, group.id())) {
        found.attributeNames.push_back(name);
    }
    return links;
}

std::string Walk::listGroup(const std::string& path, int depth) {
    std::string problem;
    if (depth == 0) {
        if (const auto facts = lookUp(path, problem))
            m_visitedGroups.emplace(facts->identity, path);
        if (!problem.empty()) return problem;
    }
    std::vector<NamedLink> links = readLinks(path, problem);
    std::ranges::sort(links,
                      [](const auto& a, const auto& b) { return naturalLess(a.name, b.name); });
    for (const NamedLink& link : links) {
        const std::string child = path == "/" ? "/" + link.name : path + "/" + link.name;
        if (link.type == H5L_TYPE_HARD) {
            followHardLink(child, depth + 1);
        } else {
            m_symbolicLinks.push_back({child, link.type, depth + 1});
        }
    }
    return problem;
}

std::optional<ObjectFacts> Walk::lookUp(const std::string& path, std::string& problem) {
    problem = m_guard(objectName(path));
    if (!problem.empty()) return {};
    const Hdf5Pass pass;
    const Hdf5Handle access = m_file.linkAccess(pass);
    H5O_info_t info;
    if (H5Oget_info_by_name2(m_file.id(), path.c_str(), &info, H5O_INFO_BASIC, access.id()) < 0) {
        problem = "The object cannot be opened: " + m_file.linkFailure(pass) + ".";
        return {};
    }
    return ObjectFacts{{info.fileno, info.addr}, info.type};
}

void Walk::followHardLink(const std::string& path, int depth) {
    std::string problem;
    const auto facts = lookUp(path, problem);
    if (!facts) {
        add({path, false, "object", problem, {}});
    } else if (facts->type == H5O_TYPE_GROUP) {
        followGroup(path, *facts, depth, {});
    } else if (facts->type == H5O_TYPE_DATASET) {
        const auto [known, isNew] = m_knownDatasets.emplace(facts->identity, path);
        add({path,
             true,
             {},
             {},
             isNew ? m_enteredThrough : "hard link, the same data as " + validUtf8(known->second),
             isNew ? std::string() : known->second});
    }
}

void Walk::followGroup(const std::string& path, const ObjectFacts& facts, int depth,
                       const std::string& link) {
    const auto [visited, isNew] = m_visitedGroups.emplace(facts.identity, path);
    if (!isNew) {
        add({path, false, "group",
             "Leads to the group " + validUtf8(visited->second) + ", which is listed there.",
             link.empty() ? "hard link to " + validUtf8(visited->second) : link});
        return;
    }
    if (depth > maximumDepth) {
        add({path, false, "group",
             "Groups nested deeper than " + std::to_string(maximumDepth) +
                 " levels are not listed.",
             link});
        return;
    }
    if (!link.empty()) m_enteredThrough = "through " + link;
    const std::string problem = listGroup(path, depth);
    if (!link.empty()) m_enteredThrough.clear();
    if (!problem.empty()) add({path, false, "group", problem, link});
}

std::string Walk::describeLink(const SymbolicLink& link) {
    const Hdf5Pass pass;
    const Hdf5Handle access = m_file.linkAccess(pass);
    H5L_info_t info;
    if (H5Lget_info(m_file.id(), link.path.c_str(), &info, access.id()) < 0) return "damaged link";
    if (link.type >= H5L_TYPE_UD_MIN && link.type != H5L_TYPE_EXTERNAL) {
        return "user-defined link of class " + std::to_string(link.type);
    }
    std::vector<char> value(info.u.val_size + 1, '\0');
    if (H5Lget_val(m_file.id(), link.path.c_str(), value.data(), info.u.val_size, access.id()) <
        0) {
        return "damaged link";
    }
    if (link.type == H5L_TYPE_SOFT) return "soft link to " + validUtf8(value.data());
    const char* file = nullptr;
    const char* object = nullptr;
    if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &file, &object) < 0) {
        return "damaged link";
    }
    return "external link to " + validUtf8(file) + ":" + validUtf8(object);
}

void Walk::resolve(const SymbolicLink& link) {
    std::string problem = m_guard(objectName(link.path));
    const std::string text = problem.empty() ? describeLink(link) : "link";
    if (problem.empty()) {
        if (const auto facts = lookUp(link.path, problem)) {
            if (facts->type == H5O_TYPE_GROUP)
                return followGroup(link.path, *facts, link.depth, text);
            if (facts->type == H5O_TYPE_DATASET) {
                const auto [known, isNew] = m_knownDatasets.emplace(facts->identity, link.path);
                return add({link.path, true, {}, {}, text, isNew ? std::string() : known->second});
            }
            return;
        }
    }
    add({link.path, false, "link", problem, text});
}

}  // namespace

std::string objectName(const std::string& path) {
    return path == "/" ? path : validUtf8(std::string_view(path).substr(1));
}

WalkResult walkObjects(const OpenedFile& file, const StepGuard& guard) {
    return Walk(file, guard).run();
}

}  // namespace quantscope
