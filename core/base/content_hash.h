// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace quantscope {

/// The 128-bit XXH3 hash of a sequence of bytes that comes in pieces. Tells contents apart; it is
/// no protection against somebody who wants two contents to look alike.
class ContentHash {
public:
    ContentHash();
    ~ContentHash();
    ContentHash(const ContentHash&) = delete;
    ContentHash& operator=(const ContentHash&) = delete;

    void add(std::span<const std::uint8_t> bytes);
    void add(std::string_view text);

    /// Hash of all bytes so far, 32 hex digits, the high half first (XXH128 canonical form).
    std::string hexDigits() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Hash of one text.
std::string contentHash(std::string_view text);

}  // namespace quantscope
