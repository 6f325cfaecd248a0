// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quantscope {

/// The shortest decimal text that reads back as the same double, in the C locale.
std::string formatNumber(double value);

/// `value` with `digits` significant digits in the C locale, for people ("0.0119", "3.63e-05").
std::string formatSignificant(double value, int digits = 3);

/// Bytes for people: "1.04 MB" (decimal units, three significant digits).
std::string formatBytes(std::uint64_t bytes);

/// Reads a size as people write it: "800 MB", "4GB", "1.5 GiB", "65536" (bytes); decimal units
/// unless there is an i. False for anything else and for sizes that 64 bits do not hold.
bool parseBytes(std::string_view text, std::uint64_t& bytes);

/// Reads a whole text as a number in the C locale; false when anything is left over.
bool parseNumber(std::string_view text, double& value);
bool parseNumber(std::string_view text, std::int64_t& value);

/// Whether `text` matches the glob `pattern`: * any run of characters, ? one, [abc] one of a set.
/// A pattern without a slash is compared with the part after the last slash as well.
bool matchesGlob(const std::string& pattern, const std::string& text);

/// The word of `candidates` (a range of strings) nearest to `word` in
/// edit distance, or empty when none is near; for "did you mean" remarks.
template <typename Range>
std::string nearestWord(std::string_view word, const Range& candidates);

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal
/// string alignment).
int editDistance(std::string_view a, std::string_view b);

template <typename Range>
std::string nearestWord(std::string_view word, const Range& candidates) {
    std::string best;
    int bestDistance = static_cast<int>(word.size()) / 2 + 1;
    for (const auto& candidate : candidates) {
        const int distance = editDistance(word, candidate);
        if (distance < bestDistance) {
            bestDistance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace quantscope
