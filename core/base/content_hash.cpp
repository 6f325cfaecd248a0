// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/content_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quantscope {

struct ContentHash::State {
    XXH3_state_t xxh;
};

ContentHash::ContentHash() : m_state(std::make_unique<State>()) {
    XXH3_128bits_reset(&m_state->xxh);
}

ContentHash::~ContentHash() = default;

void ContentHash::add(std::span<const std::uint8_t> bytes) {
    XXH3_128bits_update(&m_state->xxh, bytes.data(), bytes.size());
}

void ContentHash::add(std::string_view text) {
    XXH3_128bits_update(&m_state->xxh, text.data(), text.size());
}

std::string ContentHash::hexDigits() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&m_state->xxh));
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : canonical.digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string contentHash(std::string_view text) {
    ContentHash hash;
    hash.add(text);
    return hash.hexDigits();
}

}  // namespace quantscope
