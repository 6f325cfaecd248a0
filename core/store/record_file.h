// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include "core/store/trial_record.h"

namespace quantscope {

/// The append-only file of a run's records, one JSON object per line.
class RecordFile {
public:
    explicit RecordFile(std::filesystem::path path) : m_path(std::move(path)) {}
    ~RecordFile();
    RecordFile(const RecordFile&) = delete;
    RecordFile& operator=(const RecordFile&) = delete;

    /// Every whole line. What follows the last line end was torn by the death of its writer and is
    /// ignored. Throws Error that names the line when one cannot be understood.
    std::vector<TrialRecord> read() const;

    bool isLocked() const { return m_file >= 0; }
    /// Makes the file unless it exists, takes the lock for the life of this object and cuts a torn
    /// end off. Throws Error when another process has the lock or the file cannot be written.
    void lock();

    /// Appends a line by a single write; needs the lock. Throws Error when it does not get through
    /// as a whole; the file is then as before.
    void append(const TrialRecord& record);

private:
    void cutTornEnd();

    std::filesystem::path m_path;
    int m_file = -1;
};

}  // namespace quantscope
