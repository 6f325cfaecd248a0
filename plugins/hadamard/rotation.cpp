// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/hadamard/rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/kernels/uniform_codes.h"
#include "core/kernels/walsh_hadamard.h"

namespace quantscope::hadamard {

namespace {

std::size_t powerOfTwoIn(std::size_t size) {
    return std::size_t{1} << std::countr_zero(size);
}

std::vector<float> hartleyMatrix(std::size_t order) {
    std::vector<float> matrix(order * order);
    const double factor = 1.0 / std::sqrt(static_cast<double>(order));
    for (std::size_t i = 0; i < order; ++i) {
        for (std::size_t j = 0; j < order; ++j) {
            // Reduced before the angle is formed, which keeps it exact.
            const auto turns = static_cast<double>(i * j % order) / static_cast<double>(order);
            const double angle = 2.0 * std::numbers::pi * turns;
            matrix[i * order + j] =
                static_cast<float>(factor * (std::cos(angle) + std::sin(angle)));
        }
    }
    return matrix;
}

void rotateInRange(const Rotation& rotation, Direction direction, std::span<float> values) {
    if (direction == Direction::Apply) {
        rotation.apply(values);
    } else {
        rotation.invert(values);
    }
}

}  // namespace

void rotate(const Rotation& rotation, Direction direction, std::span<float> values) {
    // A value grows to at most the root of their number times the largest.
    constexpr float safe = 0x1.0p96F;
    constexpr float smaller = 0x1.0p-64F;
    const ValueRange range = rangeOf(values);
    if (std::max(-range.least, range.most) <= safe) {
        return rotateInRange(rotation, direction, values);
    }
    for (float& value : values)
        value *= smaller;
    rotateInRange(rotation, direction, values);
    for (float& value : values)
        value = toFiniteFloat(static_cast<double>(value) / static_cast<double>(smaller));
}

Rotation::Rotation(Index size, std::uint64_t seed, std::uint64_t stream)
    : m_signs(static_cast<std::size_t>(size)), m_power(powerOfTwoIn(m_signs.size())) {
    Random random(seed, stream);
    constexpr std::size_t bitsPerWord = 64;
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < m_signs.size(); ++i) {
        if (i % bitsPerWord == 0) word = random();
        m_signs[i] = (word >> (i % bitsPerWord) & 1U) != 0 ? -1.0F : 1.0F;
    }
    const std::size_t odd = m_signs.size() / m_power;
    if (odd > 1) m_hartley = hartleyMatrix(odd);
}

Index Rotation::oddFactor(Index size) {
    return size / static_cast<Index>(powerOfTwoIn(static_cast<std::size_t>(size)));
}

double Rotation::multiplyAddsPerValue(Index size) {
    const auto count = static_cast<std::size_t>(size);
    return static_cast<double>(std::bit_width(powerOfTwoIn(count))) +
           static_cast<double>(oddFactor(size));
}

void Rotation::apply(std::span<float> values) const {
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] *= m_signs[i];
    mix(values);
}

void Rotation::invert(std::span<float> values) const {
    mix(values);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] *= m_signs[i];
}

// Symmetric and orthogonal, hence its own inverse.
void Rotation::mix(std::span<float> values) const {
    for (std::size_t first = 0; first < values.size(); first += m_power)
        walshHadamard(values.subspan(first, m_power));
    if (m_hartley.empty()) return;
    const std::size_t order = values.size() / m_power;
    const std::vector<float> before(values.begin(), values.end());
    std::ranges::fill(values, 0.0F);
    for (std::size_t i = 0; i < order; ++i) {
        float* to = values.data() + i * m_power;
        for (std::size_t j = 0; j < order; ++j) {
            const float factor = m_hartley[i * order + j];
            const float* from = before.data() + j * m_power;
            for (std::size_t k = 0; k < m_power; ++k)
                to[k] += factor * from[k];
        }
    }
}

std::vector<double> Rotation::rotatedDiagonal(std::span<const double> variances) const {
    const std::size_t order = variances.size() / m_power;
    std::vector<double> means(order);
    for (std::size_t i = 0; i < variances.size(); ++i)
        means[i / m_power] += variances[i] / static_cast<double>(m_power);
    std::vector<double> rotated(variances.size());
    for (std::size_t i = 0; i < variances.size(); ++i) {
        const std::size_t row = i / m_power;
        if (m_hartley.empty()) {
            rotated[i] = means[0];
            continue;
        }
        for (std::size_t j = 0; j < order; ++j) {
            const auto factor = static_cast<double>(m_hartley[row * order + j]);
            rotated[i] += factor * factor * means[j];
        }
    }
    return rotated;
}

void rotateRows(const Rotation& rotation, Direction direction, MatrixSpan matrix,
                const std::stop_token& stop) {
    constexpr Index valuesAtOnce = Index{1} << 16;
    const Index grain = std::max<Index>(1, valuesAtOnce / matrix.cols);
    parallelFor(matrix.rows, grain, stop, [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r)
            rotate(rotation, direction, matrix.row(r));
    });
}

void rotateColumns(const Rotation& rotation, Direction direction, MatrixSpan matrix,
                   const std::stop_token& stop) {
    // A cache line of every row at a time.
    constexpr Index columnsAtOnce = 16;
    parallelFor(matrix.cols, columnsAtOnce, stop, [&](Index begin, Index end) {
        Matrix columns(end - begin, matrix.rows);
        for (Index r = 0; r < matrix.rows; ++r) {
            for (Index c = begin; c < end; ++c)
                columns(c - begin, r) = matrix(r, c);
        }
        for (Index c = 0; c < columns.rows(); ++c)
            rotate(rotation, direction, columns.span().row(c));
        for (Index r = 0; r < matrix.rows; ++r) {
            for (Index c = begin; c < end; ++c)
                matrix(r, c) = columns(c - begin, r);
        }
    });
}

}  // namespace quantscope::hadamard
