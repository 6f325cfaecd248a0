// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace quantscope {

/// Reads a file in memory from front to back, little-endian as this machine. Never beyond its end:
/// what is promised and is not there is an Error that names what was being read.
class ByteCursor {
public:
    /// `file`: how the file is called in messages. `bytes` outlives the cursor.
    ByteCursor(std::string file, std::string_view bytes)
        : m_file(std::move(file)), m_bytes(bytes) {}

    std::uint64_t position() const { return m_position; }
    std::uint64_t left() const { return m_bytes.size() - m_position; }

    template <typename Number>
    Number number(std::string_view what) {
        Number value;
        std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
        return value;
    }

    std::string_view take(std::uint64_t count, std::string_view what) {
        if (count > left()) endsEarly(what, std::to_string(count) + " bytes");
        const std::string_view bytes = m_bytes.substr(m_position, count);
        m_position += count;
        return bytes;
    }

    /// `count` 32-bit floats.
    std::vector<double> floats(std::uint64_t count, std::string_view what) {
        if (count > left() / sizeof(float)) {
            endsEarly(what, std::to_string(count) + " numbers of 4 bytes");
        }
        const std::string_view bytes = take(count * sizeof(float), what);
        std::vector<double> values(count);
        for (std::size_t i = 0; i < count; ++i) {
            float value;
            std::memcpy(&value, bytes.data() + i * sizeof(float), sizeof value);
            values[i] = value;
        }
        return values;
    }

    [[noreturn]] void endsEarly(std::string_view what, const std::string& expected) const {
        damaged("it ends in " + std::string(what) + ": " + expected + " should follow at " +
                std::to_string(m_position) + ", but only " + std::to_string(left()) + " bytes do");
    }

    void seek(std::uint64_t position, std::string_view what) {
        if (position > m_bytes.size()) {
            damaged(std::string(what) + " should lie at " + std::to_string(position) +
                    ", beyond its end");
        }
        m_position = position;
    }

    [[noreturn]] void damaged(const std::string& why) const {
        throw Error("The importance file " + m_file + " is damaged: " + why + ".",
                    "Copy it again, or write it again with llama-imatrix.");
    }

private:
    std::string m_file;
    std::string_view m_bytes;
    std::uint64_t m_position = 0;
};

}  // namespace quantscope
