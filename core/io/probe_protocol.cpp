// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/probe_protocol.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/base/text.h"

namespace quantscope {

namespace {

using namespace std::string_view_literals;

constexpr std::array eventWords = {"touch"sv, "read"sv,   "alive"sv, "good"sv,
                                   "bad"sv,   "failed"sv, "end"sv};
constexpr std::array orderWords = {"skip-header"sv, "skip-read"sv, "only"sv};

/// Never empty, so that every field of a line has a word.
std::string toHex(std::string_view text) {
    static constexpr auto digits = "0123456789abcdef"sv;
    std::string hex = "x";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        hex += digits[byte >> 4];
        hex += digits[byte & 0xF];
    }
    return hex;
}

std::optional<std::string> fromHex(std::string_view hex) {
    if (hex.size() % 2 == 0 || hex.front() != 'x') return {};
    const auto value = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
    const auto isDigit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (!std::ranges::all_of(hex.substr(1), isDigit)) return {};
    std::string text;
    for (std::size_t i = 1; i < hex.size(); i += 2) {
        text += static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1]));
    }
    return text;
}

std::vector<std::string_view> splitWords(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t space = std::min(line.find(' '), line.size());
        if (space > 0) words.push_back(line.substr(0, space));
        line.remove_prefix(std::min(space + 1, line.size()));
    }
    return words;
}

}  // namespace

std::string formatProbeLine(const ProbeLine& line) {
    return std::string(eventWords[static_cast<std::size_t>(line.event)]) + " " + toHex(line.name) +
           " " + std::to_string(line.number) + " " + toHex(line.text);
}

std::optional<ProbeLine> parseProbeLine(std::string_view line) {
    const std::vector<std::string_view> words = splitWords(line);
    if (words.size() != 4) return {};
    const auto* const word = std::ranges::find(eventWords, words[0]);
    const auto name = fromHex(words[1]);
    const auto text = fromHex(words[3]);
    std::int64_t number = 0;
    if (word == eventWords.end() || !name || !text || !parseNumber(words[2], number) ||
        number < 0) {
        return {};
    }
    return ProbeLine{static_cast<ProbeEvent>(word - eventWords.begin()), *name,
                     static_cast<std::uint64_t>(number), *text};
}

std::string formatProbeOrder(ProbeOrder order, const std::string& name) {
    return std::string(orderWords[static_cast<std::size_t>(order)]) + " " + toHex(name);
}

std::optional<std::pair<ProbeOrder, std::string>> parseProbeOrder(std::string_view line) {
    const std::vector<std::string_view> words = splitWords(line);
    if (words.size() != 2) return {};
    const auto* const word = std::ranges::find(orderWords, words[0]);
    const auto name = fromHex(words[1]);
    if (word == orderWords.end() || !name) return {};
    return std::pair(static_cast<ProbeOrder>(word - orderWords.begin()), *name);
}

}  // namespace quantscope
