// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pvq/pulse_index.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdlib>

namespace quantscope::pvq {

namespace {

constexpr int wordBits = 32;

void add(std::span<std::uint32_t> to, std::span<const std::uint32_t> number) {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < to.size(); ++i) {
        carry += std::uint64_t{to[i]} + number[i];
        to[i] = static_cast<std::uint32_t>(carry);
        carry >>= wordBits;
    }
}

void subtract(std::span<std::uint32_t> from, std::span<const std::uint32_t> number) {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const std::uint64_t difference = std::uint64_t{from[i]} - number[i] - borrow;
        from[i] = static_cast<std::uint32_t>(difference);
        borrow = difference >> 63;
    }
}

bool isBelow(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
    for (std::size_t i = a.size(); i-- > 0;) {
        if (a[i] != b[i]) return a[i] < b[i];
    }
    return false;
}

int bitLength(std::span<const std::uint32_t> number) {
    for (std::size_t i = number.size(); i-- > 0;) {
        if (number[i] != 0) return static_cast<int>(i) * wordBits + std::bit_width(number[i]);
    }
    return 0;
}

// Words that hold V(dim, pulses): it is below (2 dim)^pulses and below (2 pulses + 1)^dim.
std::size_t wordsFor(int dim, int pulses) {
    const double bits =
        std::min(pulses * std::log2(2.0 * dim), dim * std::log2(2.0 * pulses + 1.0));
    return static_cast<std::size_t>(bits) / wordBits + 1;
}

/// V(n, 0..pulses) for n = dim, from one row to the next.
class CountRow {
public:
    CountRow(int pulses, std::size_t words)
        : m_words(words), m_counts(static_cast<std::size_t>(pulses + 1) * words) {
        m_counts[0] = 1;
    }

    std::span<std::uint32_t> at(int k) {
        return std::span(m_counts).subspan(static_cast<std::size_t>(k) * m_words, m_words);
    }

    void advance() {
        const std::vector<std::uint32_t> before = m_counts;
        const auto old = [&](int k) {
            return std::span(before).subspan(static_cast<std::size_t>(k) * m_words, m_words);
        };
        const int pulses = static_cast<int>(m_counts.size() / m_words) - 1;
        for (int k = 1; k <= pulses; ++k) {
            add(at(k), at(k - 1));
            add(at(k), old(k - 1));
        }
    }
    const std::vector<std::uint32_t>& all() const { return m_counts; }

private:
    std::size_t m_words;
    std::vector<std::uint32_t> m_counts;
};

int indexBits(std::span<std::uint32_t> count) {
    Words last(count.begin(), count.end());
    Words one(last.size());
    one[0] = 1;
    subtract(last, one);
    return std::max(1, bitLength(last));
}

}  // namespace

PulseIndex::PulseIndex(int dim, int pulses)
    : m_dim(dim), m_pulses(pulses), m_words(wordsFor(dim, pulses)) {
    CountRow row(pulses, m_words);
    for (int n = 0; n <= dim; ++n) {
        if (n > 0) row.advance();
        m_counts.insert(m_counts.end(), row.all().begin(), row.all().end());
    }
    m_bits = indexBits(row.at(pulses));
}

int PulseIndex::mostPulses(int dim, int limit, double bits) {
    CountRow row(limit, wordsFor(dim, limit));
    for (int n = 0; n < dim; ++n)
        row.advance();
    int pulses = 1;
    while (pulses < limit && indexBits(row.at(pulses + 1)) <= bits)
        ++pulses;
    return pulses;
}

std::span<const std::uint32_t> PulseIndex::count(int dim, int pulses) const {
    const auto at = static_cast<std::size_t>(dim) * static_cast<std::size_t>(m_pulses + 1) +
                    static_cast<std::size_t>(pulses);
    return std::span(m_counts).subspan(at * m_words, m_words);
}

void PulseIndex::encode(std::span<const int> pulses, Words& index) const {
    index.assign(m_words, 0);
    int left = m_pulses;
    for (int i = 0; i < m_dim; ++i) {
        const int value = pulses[static_cast<std::size_t>(i)];
        const int rest = m_dim - i - 1;
        const int magnitude = std::abs(value);
        if (magnitude == 0) continue;
        add(index, count(rest, left));
        for (int m = 1; m < magnitude; ++m) {
            add(index, count(rest, left - m));
            add(index, count(rest, left - m));
        }
        if (value < 0) add(index, count(rest, left - magnitude));
        left -= magnitude;
    }
}

void PulseIndex::decode(Words index, std::span<int> pulses) const {
    index.resize(m_words);
    int left = m_pulses;
    for (int i = 0; i < m_dim; ++i) {
        const int rest = m_dim - i - 1;
        int& value = pulses[static_cast<std::size_t>(i)];
        value = 0;
        // The last coordinate takes what is left.
        for (int magnitude = 0; magnitude <= left; ++magnitude) {
            const std::span<const std::uint32_t> each = count(rest, left - magnitude);
            value = magnitude;
            if (isBelow(index, each)) break;
            subtract(index, each);
            if (magnitude == 0) continue;
            value = -magnitude;
            if (isBelow(index, each)) break;
            subtract(index, each);
        }
        left -= std::abs(value);
    }
}

}  // namespace quantscope::pvq
