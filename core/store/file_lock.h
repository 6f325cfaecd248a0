// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>

namespace quantscope {

/// Keeps other processes, and other threads of this one, from what a lock file guards, for the life
/// of the object. The file is made where it is missing and stays; its death frees a process' lock.
class FileLock {
public:
    /// Waits while another one has the lock, for at most ten seconds. Throws Error after that, and
    /// when the file cannot be made; and Cancelled.
    explicit FileLock(const std::filesystem::path& path, const std::stop_token& stop = {});
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

private:
    int m_file = -1;
};

}  // namespace quantscope
