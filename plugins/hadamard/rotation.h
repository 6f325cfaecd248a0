// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope::hadamard {

/// A random rotation of vectors of n = 2^k m values, m odd: random signs, then the Walsh-Hadamard
/// matrix of order 2^k in the Kronecker product with the Hartley matrix of order m,
/// (cos t + sin t) / sqrt(m) with t = 2 pi i j / m. That is orthogonal, exists for every m, is the
/// Hadamard matrix for m = 1, and has no entry above sqrt(2 / n).
class Rotation {
public:
    /// Signs are drawn from the stream (seed, stream).
    Rotation(Index size, std::uint64_t seed, std::uint64_t stream);

    Index size() const { return static_cast<Index>(m_signs.size()); }
    static Index oddFactor(Index size);  ///< m
    static double multiplyAddsPerValue(Index size);

    /// Magnitudes stay below 2^96.
    void apply(std::span<float> values) const;
    void invert(std::span<float> values) const;

    /// The mean of `variances` as the values of a rotated vector have them: the diagonal of
    /// V diag(v) V^T.
    std::vector<double> rotatedDiagonal(std::span<const double> variances) const;

private:
    void mix(std::span<float> values) const;

    std::vector<float> m_signs;
    std::size_t m_power = 1;       ///< 2^k
    std::vector<float> m_hartley;  ///< m x m; empty for m = 1.
};

enum class Direction { Apply, Invert };

/// Rotates a vector of finite values of any size: what would overflow on the way is halved often
/// enough before, and what overflows in the end becomes the largest float.
void rotate(const Rotation& rotation, Direction direction, std::span<float> values);

/// The same with every row, or with every column, of a matrix: in parallel, in place.
void rotateRows(const Rotation& rotation, Direction direction, MatrixSpan matrix,
                const std::stop_token& stop);
void rotateColumns(const Rotation& rotation, Direction direction, MatrixSpan matrix,
                   const std::stop_token& stop);

}  // namespace quantscope::hadamard
