// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/distinct_names.h"

#include <algorithm>
#include <vector>

namespace quantscope {

namespace {

// The name cut behind each dot and slash: "a.", "b/", "c".
std::vector<std::string> partsOf(const std::string& name) {
    std::vector<std::string> parts(1);
    for (const char c : name) {
        parts.back() += c;
        if (c == '.' || c == '/') parts.emplace_back();
    }
    return parts;
}

using LabelEntry = std::map<std::string, std::string>::value_type;

std::string joined(const std::vector<std::string>& parts, std::size_t from, std::size_t to) {
    std::string text;
    for (std::size_t i = from; i < to; ++i)
        text += parts[i];
    return text;
}

bool isNumber(const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// How many parts at the beginning (or, of reversed lists, the end) are the same in all lists.
std::size_t commonParts(const std::vector<std::vector<std::string>>& lists) {
    std::size_t count = lists.front().size();
    for (const auto& parts : lists) {
        const auto [mine, first] = std::ranges::mismatch(parts, lists.front());
        count = std::min(count, static_cast<std::size_t>(mine - parts.begin()));
    }
    return count;
}

}  // namespace

std::map<std::string, std::string> distinctNames(const std::set<std::string>& names) {
    std::map<std::string, std::string> labels;
    std::vector<std::vector<std::string>> lists;
    std::size_t fewest = std::string::npos;
    for (const std::string& name : names) {
        lists.push_back(partsOf(name));
        fewest = std::min(fewest, lists.back().size());
    }
    std::size_t leading = 0;
    std::size_t trailing = 0;
    if (names.size() > 1) {
        leading = std::min(commonParts(lists), fewest - 1);
        std::vector<std::vector<std::string>> reversed = lists;
        for (auto& parts : reversed)
            std::ranges::reverse(parts);
        trailing = std::min(commonParts(reversed), fewest - 1 - leading);
    }
    const auto label = [&] {
        auto parts = lists.begin();
        for (const std::string& name : names) {
            labels[name] = joined(*parts, leading, parts->size() - trailing);
            // The separator before what was cut off.
            if (trailing > 0) labels[name].pop_back();
            ++parts;
        }
    };
    label();
    // "0" and "1" name nothing; "layers.0" does.
    const bool bare = std::ranges::all_of(labels, isNumber, &LabelEntry::second);
    if (names.size() > 1 && bare && leading + trailing > 0) {
        --(leading > 0 ? leading : trailing);
        label();
    }
    return labels;
}

}  // namespace quantscope
