// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/fingerprint.h"

#include <array>
#include <fstream>
#include <string_view>
#include <vector>

#include "core/base/content_hash.h"
#include "core/base/parallel.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

constexpr std::size_t blockBytes = std::size_t{4} << 20;

}  // namespace

std::string fileFingerprint(const std::filesystem::path& path, const std::stop_token& stop) {
    const Error unreadable("'" + printableText(path.string()) + "' cannot be read to the end.",
                           "Check that the file is still there and that you may read it.");
    std::ifstream stream(path, std::ios::binary);
    std::error_code failure;
    const std::uint64_t size = std::filesystem::file_size(path, failure);
    if (!stream || failure) throw unreadable;
    ContentHash hash;
    std::array<std::uint8_t, 8> sizeBytes;
    for (std::size_t i = 0; i < sizeBytes.size(); ++i) {
        sizeBytes[i] = static_cast<std::uint8_t>(size >> (8 * i));
    }
    hash.add(sizeBytes);
    std::vector<char> block(blockBytes);
    for (std::uint64_t done = 0; done < size;) {
        throwIfStopped(stop);
        stream.read(block.data(), static_cast<std::streamsize>(block.size()));
        const auto count = static_cast<std::size_t>(stream.gcount());
        if (count == 0) throw unreadable;
        hash.add(std::string_view(block.data(), count));
        done += count;
    }
    return hash.hexDigits();
}

FileSetFingerprint::FileSetFingerprint(std::filesystem::path path,
                                       const std::set<std::filesystem::path>& others)
    : m_paths{std::move(path)} {
    m_paths.insert(m_paths.end(), others.begin(), others.end());
}

std::vector<FileSetFingerprint::State> FileSetFingerprint::states() const {
    std::vector<State> states;
    for (const std::filesystem::path& path : m_paths) {
        // A file that is missing has no state; reading it will say so.
        std::error_code failure;
        State& state = states.emplace_back();
        state.bytes = std::filesystem::file_size(path, failure);
        state.written = std::filesystem::last_write_time(path, failure);
    }
    return states;
}

std::string FileSetFingerprint::hexDigits(const std::stop_token& stop) const {
    const std::vector<State> now = states();
    {
        const std::lock_guard lock(m_mutex);
        if (!m_hexDigits.empty() && m_states == now) return m_hexDigits;
    }
    std::string hexDigits = fileFingerprint(m_paths.front(), stop);
    if (m_paths.size() > 1) {
        ContentHash all;
        all.add(hexDigits);
        for (std::size_t i = 1; i < m_paths.size(); ++i)
            all.add(fileFingerprint(m_paths[i], stop));
        hexDigits = all.hexDigits();
    }
    const std::lock_guard lock(m_mutex);
    m_states = now;
    m_hexDigits = hexDigits;
    return hexDigits;
}

}  // namespace quantscope
