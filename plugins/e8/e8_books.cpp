// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/e8/e8_books.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace quantscope::e8 {

namespace {

constexpr Index patternCount = 256;
constexpr float shift = 0.25F;
constexpr int signsAt = 8;
constexpr int shiftAt = 15;

/// All magnitudes 1/2, 3/2, 5/2 of squared norm up to 10, and 29 of those with five 3/2, spread
/// evenly over their list.
Matrix patterns() {
    constexpr float fullNorm = 10.0F;
    constexpr Index added = 29;
    std::vector<Point> full;
    std::vector<Point> rim;
    constexpr int combinations = 6561;  // 3^8
    for (int number = 0; number < combinations; ++number) {
        Point point;
        float norm = 0.0F;
        bool hasFive = false;
        int rest = number;
        for (float& value : point) {
            value = 0.5F + static_cast<float>(rest % 3);
            hasFive = hasFive || rest % 3 == 2;
            norm += value * value;
            rest /= 3;
        }
        if (norm <= fullNorm) full.push_back(point);
        if (norm == fullNorm + 2.0F && !hasFive) rim.push_back(point);
    }
    for (Index i = 0; i < added; ++i)
        full.push_back(rim[static_cast<std::size_t>(i) * rim.size() / added]);
    Matrix magnitudes(patternCount, dim);
    for (Index p = 0; p < patternCount; ++p) {
        std::ranges::copy(full[static_cast<std::size_t>(p)], magnitudes.span().row(p).begin());
    }
    return magnitudes;
}

// Flipping a sign changes the sum by an odd number.
bool needsOddNegatives(std::span<const float> magnitudes) {
    float sum = 0.0F;
    for (const float value : magnitudes)
        sum += value;
    return std::fmod(sum, 2.0F) != 0.0F;
}

SignedPatterns signedPatterns(const Matrix& magnitudes) {
    std::array<bool, patternCount> odd{};
    for (Index p = 0; p < patternCount; ++p)
        odd[static_cast<std::size_t>(p)] = needsOddNegatives(magnitudes.view().row(p));
    return {magnitudes.view(), odd};
}

Matrix nearOrigin() {
    std::vector<Point> points = {Point{}};
    // The neighbours (+-1, +-1, 0, ...) in any two places, and (+-1/2, ...) with even negatives.
    for (std::size_t i = 0; i < dim; ++i) {
        for (std::size_t j = i + 1; j < dim; ++j) {
            for (const float a : {-1.0F, 1.0F}) {
                for (const float b : {-1.0F, 1.0F}) {
                    Point point{};
                    point[i] = a;
                    point[j] = b;
                    points.push_back(point);
                }
            }
        }
    }
    for (std::uint32_t signs = 0; signs < 1U << dim; ++signs) {
        Point point;
        int negatives = 0;
        for (std::size_t i = 0; i < dim; ++i) {
            const bool negative = (signs >> i & 1U) != 0;
            negatives += negative ? 1 : 0;
            point[i] = negative ? -0.5F : 0.5F;
        }
        if (negatives % 2 == 0) points.push_back(point);
    }
    for (std::size_t i = 0; points.size() < E8Book::size; ++i) {
        Point point{};
        point[i / 2] = i % 2 == 0 ? 2.0F : -2.0F;
        points.push_back(point);
    }
    Matrix matrix(static_cast<Index>(points.size()), dim);
    for (Index k = 0; k < matrix.rows(); ++k) {
        std::ranges::copy(points[static_cast<std::size_t>(k)], matrix.span().row(k).begin());
    }
    return matrix;
}

Matrix shifted(MatrixView vectors, float by) {
    Matrix moved(vectors.rows, dim);
    for (Index i = 0; i < vectors.rows; ++i) {
        for (Index j = 0; j < dim; ++j)
            moved(i, j) = vectors(i, j) + by;
    }
    return moved;
}

}  // namespace

E8pBook::E8pBook() : m_magnitudes(patterns()), m_patterns(signedPatterns(m_magnitudes)) {}

void E8pBook::encode(MatrixView vectors, std::span<std::uint32_t> codes) const {
    std::vector<float> nearest(codes.size(), INFINITY);
    std::vector<std::uint32_t> found(codes.size());
    std::vector<float> distances(codes.size());
    for (const std::uint32_t lower : {0U, 1U}) {
        const Matrix moved = shifted(vectors, lower == 0 ? -shift : shift);
        m_patterns.nearest(moved.view(), found, distances);
        for (std::size_t i = 0; i < codes.size(); ++i) {
            if (!(distances[i] < nearest[i])) continue;
            nearest[i] = distances[i];
            const auto point =
                m_patterns.signedLike(moved.view().row(static_cast<Index>(i)), found[i]);
            std::uint32_t signs = 0;
            for (std::size_t j = 0; j + 1 < dim; ++j)
                signs |= (point[j] < 0.0F ? 1U : 0U) << j;
            codes[i] = found[i] | signs << signsAt | lower << shiftAt;
        }
    }
}

Point E8pBook::point(std::uint32_t code) const {
    const auto pattern = static_cast<Index>(code & (patternCount - 1));
    const std::uint32_t signs = code >> signsAt;
    const float moved = (code >> shiftAt & 1U) == 0 ? shift : -shift;
    Point point;
    bool odd = false;
    for (std::size_t j = 0; j + 1 < dim; ++j) {
        const bool negative = (signs >> j & 1U) != 0;
        odd = odd != negative;
        const float magnitude = m_magnitudes(pattern, static_cast<Index>(j));
        point[j] = (negative ? -magnitude : magnitude) + moved;
    }
    const bool lastNegative = odd != needsOddNegatives(m_magnitudes.view().row(pattern));
    const float magnitude = m_magnitudes(pattern, dim - 1);
    point[dim - 1] = (lastNegative ? -magnitude : magnitude) + moved;
    return point;
}

E8Book::E8Book() : m_points(nearOrigin().view()) {}

void E8Book::encode(MatrixView vectors, std::span<std::uint32_t> codes) const {
    m_points.nearest(vectors, codes);
}

Point E8Book::point(std::uint32_t code) const {
    Point point;
    std::ranges::copy(m_points.codewords().row(static_cast<Index>(code & (size - 1))),
                      point.begin());
    return point;
}

}  // namespace quantscope::e8
