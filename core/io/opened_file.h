// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "core/io/hdf5_gate.h"

namespace quantscope {

/// An HDF5 file opened for reading, with the rule for links that lead out of it.
class OpenedFile {
public:
    /// Throws Error in words when the file is missing, is no HDF5 file or is damaged.
    OpenedFile(const std::filesystem::path& path, bool followExternalLinks);

    const std::filesystem::path& path() const { return m_path; }
    hid_t id() const { return m_file.id(); }
    bool followsExternalLinks() const { return m_policy->follow; }

    /// Property list for following links: refuses external ones unless they are to be followed.
    Hdf5Handle linkAccess(const Hdf5Pass& pass) const;
    /// The same as a property list for opening datasets.
    Hdf5Handle datasetAccess(const Hdf5Pass& pass) const;

    /// Why the last link was not followed, as the end of a sentence: our own refusal, or HDF5's
    /// reason.
    std::string linkFailure(const Hdf5Pass& pass) const;

    /// Remembers that values of this file lie in another one. Called under the gate.
    void noteFollowed(const std::filesystem::path& other) const;
    /// The files remembered so, and those that external links led to until now. What these files
    /// refer to in turn is not among them.
    std::set<std::filesystem::path> followedFiles() const;

    /// The regular file that `name` means when a file in `folder` refers to it; empty if there is
    /// none.
    static std::filesystem::path referredFile(const std::filesystem::path& folder,
                                              const std::string& name);

private:
    /// What HDF5 is told when it meets an external link, and what we decided then.
    struct LinkPolicy {
        bool follow = false;
        std::string refusal;
        std::set<std::filesystem::path> followed;
    };
    static herr_t judgeExternalLink(const char* parentFile, const char* parentGroup,
                                    const char* file, const char* object, unsigned* flags,
                                    hid_t access, void* policy) noexcept;

    std::filesystem::path m_path;
    std::unique_ptr<LinkPolicy> m_policy;
    Hdf5Handle m_file;
};

}  // namespace quantscope
