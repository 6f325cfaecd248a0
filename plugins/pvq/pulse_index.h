// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quantscope::pvq {

/// A whole number of a fixed number of 32-bit words, lowest first.
using Words = std::vector<std::uint32_t>;

/// The place of integer vectors y with sum |y_i| = K in the list of all of them, and back. The list
/// is sorted by y_1, 0 first, then 1, -1, 2, -2, ...; among equals by y_2, and so on. There are
/// V(N,K) = V(N-1,K) + V(N,K-1) + V(N-1,K-1) such vectors (Fischer, "A pyramid vector quantizer",
/// IEEE Trans. Inf. Theory 32, 1986), with V(N,0) = 1 and V(0,K) = 0 otherwise.
class PulseIndex {
public:
    PulseIndex(int dim, int pulses);

    /// Bits that every index fits into: the length of V(N,K) - 1.
    int bits() const { return m_bits; }
    /// The most pulses, from 1 to `limit`, whose indices fit into so many bits; 1 if none do.
    static int mostPulses(int dim, int limit, double bits);

    /// `index` gets as many words as bits() needs.
    void encode(std::span<const int> pulses, Words& index) const;
    /// An index beyond the last gives the last vector with the same beginning.
    void decode(Words index, std::span<int> pulses) const;

private:
    std::span<const std::uint32_t> count(int dim, int pulses) const;

    int m_dim;
    int m_pulses;
    int m_bits = 0;
    std::size_t m_words = 1;
    std::vector<std::uint32_t> m_counts;  ///< V(n,k) for n = 0..N, k = 0..K.
};

}  // namespace quantscope::pvq
