// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"

#include <cstdint>

namespace quantscope {

namespace {

unsigned byteAt(std::string_view bytes, std::size_t position) {
    return static_cast<unsigned char>(bytes[position]);
}

/// Length of the character at `position`, 0 if no valid one begins there (Unicode 15, table 3-7:
/// neither overlong forms nor surrogates nor values beyond U+10FFFF).
std::size_t characterLength(std::string_view bytes, std::size_t position) {
    const unsigned lead = byteAt(bytes, position);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || position + length > bytes.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byteAt(bytes, position + i) & 0xC0) != 0x80) return 0;
    }
    const unsigned second = byteAt(bytes, position + 1);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool surrogate = lead == 0xED && second >= 0xA0;
    const bool beyond = lead == 0xF4 && second >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

void appendEscaped(std::string& text, unsigned byte) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    text += "\\x";
    text += digits[byte >> 4];
    text += digits[byte & 0xF];
}

/// Marks that turn the direction of writing, so that a line reads as another one, and separators
/// that break it: U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069.
bool turnsLine(std::string_view character) {
    if (character.size() != 3 || byteAt(character, 0) != 0xE2) return false;
    const unsigned middle = byteAt(character, 1);
    const unsigned last = byteAt(character, 2);
    if (middle == 0x80) return last == 0x8E || last == 0x8F || (last >= 0xA8 && last <= 0xAE);
    return middle == 0x81 && last >= 0xA6 && last <= 0xA9;
}

bool isControl(std::string_view character) {
    const unsigned lead = byteAt(character, 0);
    // C0 and DEL are one byte, C1 (U+0080 to U+009F) is 0xC2 and a byte below 0xA0.
    return lead < 0x20 || lead == 0x7F || (lead == 0xC2 && byteAt(character, 1) < 0xA0) ||
           turnsLine(character);
}

std::string escape(std::string_view bytes, bool controlsToo) {
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t position = 0; position < bytes.size();) {
        const std::size_t length = characterLength(bytes, position);
        const std::string_view character = bytes.substr(position, length == 0 ? 1 : length);
        if (length == 0 || (controlsToo && isControl(character))) {
            for (std::size_t i = 0; i < character.size(); ++i) {
                appendEscaped(text, byteAt(character, i));
            }
        } else {
            text += character;
        }
        position += character.size();
    }
    return text;
}

}  // namespace

std::string validUtf8(std::string_view bytes) {
    return escape(bytes, false);
}

std::string printableText(std::string_view text) {
    return escape(text, true);
}

}  // namespace quantscope
