// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/text.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numeric>
#include <vector>

namespace quantscope {

namespace {

std::string toText(double value, std::chars_format format, int precision) {
    std::array<char, 64> buffer;
    const auto result =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format, precision);
    return {buffer.data(), result.ptr};
}

template <typename T>
bool parseWhole(std::string_view text, T& value) {
    const char* end = text.data() + text.size();
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    const auto result = std::from_chars(text.data(), end, value);
    return !text.empty() && result.ec == std::errc() && result.ptr == end;
}

}  // namespace

std::string formatNumber(double value) {
    std::array<char, 64> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), result.ptr};
}

std::string formatSignificant(double value, int digits) {
    if (!std::isfinite(value)) return formatNumber(value);
    if (value == 0.0) return "0";
    // The exponent after rounding: 0.9996 becomes 1.00, not 1.000.
    std::string scientific = toText(value, std::chars_format::scientific, digits - 1);
    std::int64_t magnitude = 0;
    parseNumber(std::string_view(scientific).substr(scientific.find('e') + 1), magnitude);
    if (magnitude < -4 || magnitude >= 7) return scientific;
    const int decimals = std::max(0, digits - 1 - static_cast<int>(magnitude));
    return toText(value, std::chars_format::fixed, decimals);
}

std::string formatBytes(std::uint64_t bytes) {
    static constexpr std::array<const char*, 6> units = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000.0;
        ++unit;
    }
    return (unit == 0 ? std::to_string(bytes) : formatSignificant(value)) + " " + units[unit];
}

bool parseBytes(std::string_view text, std::uint64_t& bytes) {
    const std::size_t end = text.find_last_of("0123456789.");
    if (end == std::string_view::npos) return false;
    double value = 0.0;
    if (!parseNumber(text.substr(0, end + 1), value) || !(value >= 0.0)) return false;
    std::string unit;
    for (const char c : text.substr(end + 1)) {
        if (c != ' ') unit += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    if (!unit.empty() && unit.back() == 'B') unit.pop_back();
    const bool binary = unit.size() == 2 && unit[1] == 'I';
    if (binary) unit.pop_back();
    static constexpr std::string_view prefixes = "KMGTP";
    const std::size_t power = unit.empty() ? 0 : prefixes.find(unit) + 1;
    if (unit.size() > 1 || (power == 0 && !unit.empty())) return false;
    value *= std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power));
    if (value >= 0x1.0p63) return false;
    bytes = static_cast<std::uint64_t>(std::llround(value));
    return true;
}

bool parseNumber(std::string_view text, double& value) {
    return parseWhole(text, value);
}
bool parseNumber(std::string_view text, std::int64_t& value) {
    return parseWhole(text, value);
}

bool matchesGlob(const std::string& pattern, const std::string& text) {
    if (fnmatch(pattern.c_str(), text.c_str(), 0) == 0) return true;
    const std::size_t slash = text.rfind('/');
    return pattern.find('/') == std::string::npos && slash != std::string::npos &&
           fnmatch(pattern.c_str(), text.c_str() + slash + 1, 0) == 0;
}

int editDistance(std::string_view a, std::string_view b) {
    std::vector<int> beforeLast(b.size() + 1);
    std::vector<int> last(b.size() + 1);
    std::vector<int> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        beforeLast.swap(last);
        last.swap(row);
        row[0] = static_cast<int>(i) + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const int substituted = last[j] + (a[i] == b[j] ? 0 : 1);
            row[j + 1] = std::min({row[j] + 1, last[j + 1] + 1, substituted});
            if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j]) {
                row[j + 1] = std::min(row[j + 1], beforeLast[j - 1] + 1);
            }
        }
    }
    return row[b.size()];
}

}  // namespace quantscope
