// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

namespace quantscope {

/// Regular expressions that together match these names as a whole, each name by one of them, and
/// nothing else: names that differ in the number of their layer alone share one. In the syntax that
/// ECMAScript and Python have in common, without anchors.
std::vector<std::string> nameExpressions(const std::vector<std::string>& names);

/// `expression` for whole texts only: ^...$.
std::string anchored(const std::string& expression);

/// A pattern as another program reads it, and what it gives the names that match.
struct PatternRule {
    std::string pattern;
    std::string meaning;
};

/// Where a program looks for a pattern in a name.
enum class Matching {
    FromStart,  ///< re.match
    Anywhere,   ///< std::regex_search
};

/// Checks that every name in `expected` is matched by exactly one pattern, which has the meaning
/// that stands beside the name; or by none where that is empty. Throws Error.
void checkRules(const std::vector<PatternRule>& rules, Matching matching,
                const std::map<std::string, std::string>& expected);

}  // namespace quantscope
