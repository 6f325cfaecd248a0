// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/natural_order.h"

#include <algorithm>

namespace quantscope {

namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

/// The digits at the front of `text`, which it loses.
std::string_view takeNumber(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && isDigit(text[length]))
        ++length;
    std::string_view number = text.substr(0, length);
    text.remove_prefix(length);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
}

/// The group separator comes before every other character.
int rank(char c) {
    return c == '/' ? -1 : static_cast<unsigned char>(c);
}

}  // namespace

bool naturalLess(std::string_view a, std::string_view b) {
    std::string_view restA = a;
    std::string_view restB = b;
    while (!restA.empty() && !restB.empty()) {
        if (isDigit(restA.front()) && isDigit(restB.front())) {
            const std::string_view numberA = takeNumber(restA);
            const std::string_view numberB = takeNumber(restB);
            if (numberA.size() != numberB.size()) return numberA.size() < numberB.size();
            if (numberA != numberB) return numberA < numberB;
            continue;
        }
        if (restA.front() != restB.front()) return rank(restA.front()) < rank(restB.front());
        restA.remove_prefix(1);
        restB.remove_prefix(1);
    }
    if (restA.empty() != restB.empty()) return restA.empty();
    return a < b;  // Equal but for leading zeros.
}

}  // namespace quantscope
