// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/io/hdf5_gate.h"

namespace quantscope {

/// A new HDF5 file that is written beside its place and moved there when it is complete; vanishes
/// if it never is.
class PendingFile {
public:
    /// Throws Error when the folder is missing or not writable, and for what outputTarget refuses.
    explicit PendingFile(const std::filesystem::path& path);
    ~PendingFile();
    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;

    hid_t id() const { return m_file.id(); }
    /// What is being written, as it stands in messages.
    const std::filesystem::path& path() const { return m_path; }

    /// Closes the file and gives it its name, replacing what was there. Throws Error.
    void commit();

private:
    std::filesystem::path m_path;
    std::filesystem::path m_target;
    std::filesystem::path m_aside;
    Hdf5Handle m_file;
};

/// Property list that creates the groups on the way to a new object.
Hdf5Handle createParents(const Hdf5Pass& pass);

}  // namespace quantscope
