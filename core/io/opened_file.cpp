// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/opened_file.h"

#include "core/base/utf8.h"
#include "core/io/foreign_file.h"

namespace quantscope {

namespace {

/// Opens with the library's file locking where the file system has it. A lock that another program
/// holds is respected; one that the file system cannot give (some network disks) is done without.
Hdf5Handle openReadOnly(const Hdf5Pass& pass, const std::filesystem::path& path) {
    const Hdf5Handle access(pass, H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_file_locking(access.id(), true, true);
    Hdf5Handle file(pass, H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
    if (file.valid()) return file;
    // Of the reason alone: the file's name may say "lock" too.
    const std::string reason = hdf5Reason(pass);
    if (reason.find("lock") != std::string::npos) {
        H5Pset_file_locking(access.id(), false, true);
        file = Hdf5Handle(pass, H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
        if (file.valid()) return file;
    }
    throw Error("'" + printableText(path.string()) + "' cannot be opened: " + reason + ".",
                "Copy or download the file again.");
}

}  // namespace

OpenedFile::OpenedFile(const std::filesystem::path& path, bool followExternalLinks)
    : m_path(path), m_policy(std::make_unique<LinkPolicy>()) {
    checkIsHdf5(path);
    m_policy->follow = followExternalLinks;
    const Hdf5Pass pass;
    m_file = openReadOnly(pass, path);
}

Hdf5Handle OpenedFile::linkAccess(const Hdf5Pass& pass) const {
    Hdf5Handle access(pass, H5Pcreate(H5P_LINK_ACCESS));
    H5Pset_elink_cb(access.id(), judgeExternalLink, m_policy.get());
    return access;
}

Hdf5Handle OpenedFile::datasetAccess(const Hdf5Pass& pass) const {
    Hdf5Handle access(pass, H5Pcreate(H5P_DATASET_ACCESS));
    H5Pset_elink_cb(access.id(), judgeExternalLink, m_policy.get());
    return access;
}

std::string OpenedFile::linkFailure(const Hdf5Pass& pass) const {
    const std::string reason = hdf5Reason(pass);
    const std::string refusal = std::exchange(m_policy->refusal, {});
    return refusal.empty() ? reason : refusal;
}

void OpenedFile::noteFollowed(const std::filesystem::path& other) const {
    m_policy->followed.insert(other.lexically_normal());
}

std::set<std::filesystem::path> OpenedFile::followedFiles() const {
    const Hdf5Pass pass;
    return m_policy->followed;
}

std::filesystem::path OpenedFile::referredFile(const std::filesystem::path& folder,
                                               const std::string& name) {
    const std::filesystem::path file = folder / name;  // An absolute name replaces the folder.
    std::error_code ignored;
    return std::filesystem::is_regular_file(file, ignored) ? file : std::filesystem::path();
}

herr_t OpenedFile::judgeExternalLink(const char* parentFile, const char* /*parentGroup*/,
                                     const char* file, const char* /*object*/, unsigned* /*flags*/,
                                     hid_t /*access*/, void* policy) noexcept {
    auto* const judge = static_cast<LinkPolicy*>(policy);
    try {
        if (!judge->follow) {
            judge->refusal =
                "it leads into another file, which is followed only with --follow-external-links";
            return -1;
        }
        const auto folder = std::filesystem::path(parentFile).parent_path();
        const std::filesystem::path target = referredFile(folder, file);
        if (target.empty()) {
            judge->refusal = "there is no file '" + printableText(file) + "' beside it";
            return -1;
        }
        checkIsHdf5(target);
        judge->followed.insert(target.lexically_normal());
        return 0;
    } catch (const Error&) {
        judge->refusal = "'" + printableText(file) + "' is not an HDF5 file";
        return -1;
    } catch (...) {
        return -1;
    }
}

}  // namespace quantscope
