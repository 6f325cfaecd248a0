// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/name_patterns.h"

#include <algorithm>
#include <regex>
#include <string_view>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view special = "\\^$.|?*+()[]{}";

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
    return result;
}

// A name around the number of its layer: the first part between dots that is a number.
struct NumberedName {
    std::string before;
    std::string number;  // Empty: there is none, and all of the name stands before it.
    std::string after;
};

NumberedName splitAtNumber(const std::string& name) {
    for (std::size_t start = 0; start < name.size();) {
        const std::size_t end = std::min(name.find('.', start), name.size());
        const std::string part = name.substr(start, end - start);
        if (!part.empty() && part.find_first_not_of(digits) == std::string::npos) {
            return {name.substr(0, start), part, name.substr(end)};
        }
        start = end + 1;
    }
    return {name, {}, {}};
}

// What every text that the pattern matches ends with, as far as that can be seen: the plain
// characters before a closing $. Models with many experts have thousands of names and hundreds of
// patterns; most pairs need no more than a look at this.
std::string plainEnding(std::string_view pattern) {
    std::string plain;
    int depth = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\' && i + 1 < pattern.size() &&
            special.find(pattern[i + 1]) != std::string_view::npos) {
            plain += pattern[++i];
            continue;
        }
        if (c == '$' && i + 1 == pattern.size()) return plain;
        if (special.find(c) == std::string_view::npos) {
            plain += c;
            continue;
        }
        if (c == '(') ++depth;
        if (c == ')') --depth;
        // Sets, other escapes and alternatives of the whole pattern are not looked into.
        if (c == '[' || c == '\\' || (c == '|' && depth == 0)) return {};
        plain.clear();
    }
    return {};
}

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
    throw Error("What was written was read back and found not to say what the plan says: '" +
                    printableText(name) + "' " + what + ".",
                "Nothing was kept of it. This is a mistake of the program: please report it.");
}

}  // namespace

std::vector<std::string> nameExpressions(const std::vector<std::string>& names) {
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> numbers;
    std::vector<std::pair<std::string, std::string>> order;
    for (const std::string& name : names) {
        const NumberedName split = splitAtNumber(name);
        std::vector<std::string>& found = numbers[{split.before, split.after}];
        if (found.empty()) order.emplace_back(split.before, split.after);
        found.push_back(split.number);
    }
    std::vector<std::string> expressions;
    for (const auto& place : order) {
        const std::vector<std::string>& found = numbers[place];
        std::string list;
        for (const std::string& number : found)
            list += (list.empty() ? "" : "|") + number;
        if (found.size() > 1) list = "(?:" + list + ")";
        expressions.push_back(escaped(place.first) + list + escaped(place.second));
    }
    return expressions;
}

std::string anchored(const std::string& expression) {
    return "^" + expression + "$";
}

void checkRules(const std::vector<PatternRule>& rules, Matching matching,
                const std::map<std::string, std::string>& expected) {
    std::vector<std::regex> patterns;
    std::vector<std::string> endings;
    try {
        for (const PatternRule& rule : rules) {
            patterns.emplace_back(rule.pattern);
            endings.push_back(plainEnding(rule.pattern));
        }
    } catch (const std::regex_error&) {
        throw Error("The plan has more names than patterns can hold.", "Export it as JSON or CSV.");
    }
    const auto where = matching == Matching::FromStart ? std::regex_constants::match_continuous
                                                       : std::regex_constants::match_default;
    for (const auto& [name, meaning] : expected) {
        const PatternRule* match = nullptr;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!name.ends_with(endings[i])) continue;
            if (!std::regex_search(name, patterns[i], where)) continue;
            if (match != nullptr) refuse(name, "is meant by two patterns");
            match = &rules[i];
        }
        if (match == nullptr && meaning.empty()) continue;
        if (match == nullptr) refuse(name, "is meant by no pattern");
        if (match->meaning != meaning) {
            refuse(name, "gets " + match->meaning + " instead of " +
                             (meaning.empty() ? "being left alone" : meaning));
        }
    }
}

}  // namespace quantscope
