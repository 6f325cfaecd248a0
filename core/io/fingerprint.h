// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace quantscope {

/// 128-bit XXH3 hash over the size of a file (8 bytes, little-endian) and all its bytes, as 32 hex
/// digits. Reads in blocks. Throws Error, Cancelled.
std::string fileFingerprint(const std::filesystem::path& path, const std::stop_token& stop);

/// The fingerprint of a file, some values of which may lie in others: its fileFingerprint, or with
/// others the hash over all their fingerprints. Computed when it is first asked for, and again when
/// the size of a file or the time at which it was last written has changed. Safe from several
/// threads.
class FileSetFingerprint {
public:
    FileSetFingerprint(std::filesystem::path path, const std::set<std::filesystem::path>& others);

    /// 32 hex digits. Throws Error, Cancelled.
    std::string hexDigits(const std::stop_token& stop) const;

private:
    struct State {
        std::uint64_t bytes = 0;
        std::filesystem::file_time_type written;
        bool operator==(const State&) const = default;
    };
    std::vector<State> states() const;

    std::vector<std::filesystem::path> m_paths;  ///< The file itself first.
    mutable std::mutex m_mutex;
    mutable std::vector<State> m_states;  ///< Of the files when m_hexDigits was computed.
    mutable std::string m_hexDigits;      ///< Empty until then.
};

}  // namespace quantscope
