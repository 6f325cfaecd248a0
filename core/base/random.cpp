// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/random.h"

#include <bit>
#include <cmath>

namespace quantscope {

namespace {

std::uint64_t splitMix(std::uint64_t& state) {
    state += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t block) {
    // Two rounds of mixing keep neighbouring (seed, block) pairs unrelated.
    std::uint64_t state = seed;
    state = splitMix(state) ^ (block * 0xD1342543DE82EF95ULL + 1);
    for (std::uint64_t& word : m_state)
        word = splitMix(state);
}

Random::result_type Random::operator()() {
    const std::uint64_t result = std::rotl(m_state[0] + m_state[3], 23) + m_state[0];
    const std::uint64_t shifted = m_state[1] << 17;
    m_state[2] ^= m_state[0];
    m_state[3] ^= m_state[1];
    m_state[1] ^= m_state[2];
    m_state[0] ^= m_state[3];
    m_state[2] ^= shifted;
    m_state[3] = std::rotl(m_state[3], 45);
    return result;
}

double Random::uniform() {
    return static_cast<double>((*this)() >> 11) * 0x1.0p-53;
}

double Random::normal() {
    if (m_hasSpareNormal) {
        m_hasSpareNormal = false;
        return m_spareNormal;
    }
    double u = 0.0;
    double v = 0.0;
    double squaredRadius = 0.0;
    do {
        u = 2.0 * uniform() - 1.0;
        v = 2.0 * uniform() - 1.0;
        squaredRadius = u * u + v * v;
    } while (squaredRadius >= 1.0 || squaredRadius == 0.0);
    const double factor = std::sqrt(-2.0 * std::log(squaredRadius) / squaredRadius);
    m_spareNormal = v * factor;
    m_hasSpareNormal = true;
    return u * factor;
}

Index Random::below(Index bound) {
    const auto range = static_cast<std::uint64_t>(bound);
    const std::uint64_t rejected = (0 - range) % range;
    std::uint64_t value = 0;
    do {
        value = (*this)();
    } while (value < rejected);
    return static_cast<Index>(value % range);
}

}  // namespace quantscope
