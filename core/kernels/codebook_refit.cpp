// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/codebook_refit.h"

#include <algorithm>
#include <cassert>

#include "core/base/parallel.h"
#include "core/kernels/scaled_search.h"

namespace quantscope {
namespace {

using Doubles = std::vector<double>;

// The codewords of all codebooks below each other, and the linear map from them to the rows: row i
// is the sum of one codeword of every codebook.
class SumOfCodewords {
public:
    SumOfCodewords(std::span<const std::uint32_t> codes, std::span<const Matrix> codebooks,
                   Index rows, const RowScales& scales, const std::stop_token& stop)
        : m_codes(codes),
          m_rows(rows),
          m_dim(codebooks.front().cols()),
          m_scales(scales),
          m_stop(stop) {
        for (const Matrix& codebook : codebooks) {
            m_first.push_back(m_codewords);
            m_codewords += codebook.rows();
        }
        const bool isScaled = scales.scales != nullptr;
        m_masses.resize(static_cast<std::size_t>(isScaled ? m_codewords * m_dim : m_codewords));
        for (Index row = 0; row < rows; ++row) {
            if (row % rowsPerCheck == 0) throwIfStopped(stop);
            const float* const scale = scaleOf(row);
            forCodewords(row, [&](Index codeword) {
                if (scale == nullptr) {
                    m_masses[static_cast<std::size_t>(codeword)] += 1.0;
                    return;
                }
                double* const masses = m_masses.data() + codeword * m_dim;
                for (Index j = 0; j < m_dim; ++j)
                    masses[j] += static_cast<double>(scale[j]) * static_cast<double>(scale[j]);
            });
        }
    }

    Index codewords() const { return m_codewords; }
    // For a component of a codeword, the sum of the squared scales of its rows: their number
    // without scales.
    double mass(Index codeword, Index component) const {
        return m_masses[static_cast<std::size_t>(
            m_scales.scales != nullptr ? codeword * m_dim + component : codeword)];
    }

    // to = from - sum of the codewords of each row; returns |to|^2. `from` may be `to`.
    double subtractSums(const Matrix& codewords, MatrixView from, MatrixSpan to) const {
        return overRows(
            0.0,
            [&](Index begin, Index end) {
                double energy = 0.0;
                for (Index row = begin; row < end; ++row) {
                    float* const target = to.row(row).data();
                    if (from.data != to.data) std::ranges::copy(from.row(row), target);
                    const float* const scale = scaleOf(row);
                    forCodewords(row, [&](Index codeword) {
                        const float* const values = codewords.data() + codeword * m_dim;
                        if (scale != nullptr) {
                            for (Index j = 0; j < m_dim; ++j)
                                target[j] -= scale[j] * values[j];
                        } else {
                            for (Index j = 0; j < m_dim; ++j)
                                target[j] -= values[j];
                        }
                    });
                    for (Index j = 0; j < m_dim; ++j)
                        energy += static_cast<double>(target[j]) * static_cast<double>(target[j]);
                }
                return energy;
            },
            [](double& total, double part) { total += part; });
    }

    // rows += factor * step; returns |rows|^2.
    double addScaled(double factor, MatrixView step, MatrixSpan rows) const {
        const auto scale = static_cast<float>(factor);
        return overRows(
            0.0,
            [&](Index begin, Index end) {
                double energy = 0.0;
                for (Index row = begin; row < end; ++row) {
                    const float* const from = step.row(row).data();
                    float* const to = rows.row(row).data();
                    for (Index j = 0; j < m_dim; ++j) {
                        to[j] += scale * from[j];
                        energy += static_cast<double>(to[j]) * static_cast<double>(to[j]);
                    }
                }
                return energy;
            },
            [](double& total, double part) { total += part; });
    }

    // The transposed map: for every codeword the (scaled) sum of its rows.
    Doubles sumRows(MatrixView rows) const {
        const Doubles none(static_cast<std::size_t>(m_codewords * m_dim));
        return parallelReduce(
            m_rows, rowsPerSum(), m_stop, none,
            [&](Index begin, Index end) {
                Doubles sums = none;
                for (Index row = begin; row < end; ++row) {
                    if (row % rowsPerCheck == 0 && m_stop.stop_requested()) break;
                    const float* const from = rows.row(row).data();
                    const float* const scale = scaleOf(row);
                    forCodewords(row, [&](Index codeword) {
                        double* const to = sums.data() + codeword * m_dim;
                        if (scale != nullptr) {
                            for (Index j = 0; j < m_dim; ++j)
                                to[j] += static_cast<double>(scale[j] * from[j]);
                        } else {
                            for (Index j = 0; j < m_dim; ++j)
                                to[j] += static_cast<double>(from[j]);
                        }
                    });
                }
                return sums;
            },
            [](Doubles& total, const Doubles& part) {
                std::ranges::transform(total, part, total.begin(), std::plus());
            });
    }

private:
    static constexpr Index rowsPerCheck = 1024;

    const float* scaleOf(Index row) const {
        if (m_scales.scales == nullptr) return nullptr;
        return m_scales.scales->of(m_scales.numbers[static_cast<std::size_t>(row)]).data();
    }

    template <typename Visit>
    void forCodewords(Index row, const Visit& visit) const {
        const std::size_t books = m_first.size();
        const std::uint32_t* const codes = m_codes.data() + static_cast<std::size_t>(row) * books;
        for (std::size_t book = 0; book < books; ++book)
            visit(m_first[book] + static_cast<Index>(codes[book]));
    }

    template <typename T, typename Body, typename Combine>
    T overRows(T initial, const Body& body, const Combine& combine) const {
        return parallelReduce(m_rows, rowsPerCheck, m_stop, initial, body, combine);
    }

    // Few enough chunks that their partial sums take no more memory than the rows themselves.
    Index rowsPerSum() const {
        constexpr Index mostChunks = 32;
        const Index chunks = std::clamp<Index>(m_rows / (2 * m_codewords), 1, mostChunks);
        return (m_rows + chunks - 1) / chunks;
    }

    std::span<const std::uint32_t> m_codes;
    Index m_rows;
    Index m_dim;
    RowScales m_scales;
    const std::stop_token& m_stop;
    std::vector<Index> m_first;  // codeword of each codebook
    Index m_codewords = 0;
    Doubles m_masses;  // of codewords, or of their components
};

Matrix stacked(std::span<const Matrix> codebooks, Index codewords) {
    Matrix all(codewords, codebooks.front().cols());
    float* to = all.data();
    for (const Matrix& codebook : codebooks)
        to = std::copy(codebook.data(), codebook.data() + codebook.view().size(), to);
    return all;
}

// Divides the sums of each codeword by their masses; returns the product of both: what a step along
// the quotient lowers the error by, to first order.
double precondition(const SumOfCodewords& map, const Doubles& sums, Index dim, Doubles& quotient) {
    double product = 0.0;
    for (Index codeword = 0; codeword < map.codewords(); ++codeword) {
        for (Index j = 0; j < dim; ++j) {
            const auto i = static_cast<std::size_t>(codeword * dim + j);
            const double mass = map.mass(codeword, j);
            quotient[i] = mass > 0.0 ? sums[i] / mass : 0.0;
            product += quotient[i] * sums[i];
        }
    }
    return product;
}

void negated(const Doubles& from, Matrix& to) {
    std::ranges::transform(from, to.data(),
                           [](double value) { return static_cast<float>(-value); });
}

}  // namespace

// Conjugate gradients for least squares (CGLS: Bjorck, "Numerical methods for least squares
// problems", 1996, section 7.4.1), all columns as one system.
std::vector<double> refitCodebooks(MatrixView x, std::span<const std::uint32_t> codes,
                                   std::span<Matrix> codebooks, const RefitParameters& parameters,
                                   const std::stop_token& stop, const RowScales& scales) {
    assert(!codebooks.empty() && x.rows > 0);
    assert(codes.size() == static_cast<std::size_t>(x.rows) * codebooks.size());
    const Index dim = x.cols;
    const auto rows = static_cast<double>(x.rows);
    const SumOfCodewords map(codes, codebooks, x.rows, scales, stop);
    Matrix residuals(x.rows, dim);
    Matrix image(x.rows, dim);
    Matrix minusDirection = stacked(codebooks, map.codewords());
    Doubles solution(minusDirection.data(), minusDirection.data() + minusDirection.view().size());
    std::vector<double> objectives{map.subtractSums(minusDirection, x, residuals.span()) / rows};

    Doubles gradient = map.sumRows(residuals.view());
    Doubles quotient(gradient.size());
    double slope = precondition(map, gradient, dim, quotient);
    Doubles direction = quotient;
    for (int iteration = 0; iteration < parameters.iterations && slope > 0.0; ++iteration) {
        negated(direction, minusDirection);
        std::fill_n(image.data(), image.view().size(), 0.0F);
        const double curvature = map.subtractSums(minusDirection, image.view(), image.span());
        if (!(curvature > 0.0)) break;
        const double length = slope / curvature;
        objectives.push_back(map.addScaled(-length, image.view(), residuals.span()) / rows);
        for (std::size_t i = 0; i < solution.size(); ++i)
            solution[i] += length * direction[i];
        const double before = objectives[objectives.size() - 2];
        if (before - objectives.back() <= parameters.relativeGain * before) break;
        gradient = map.sumRows(residuals.view());
        const double nextSlope = precondition(map, gradient, dim, quotient);
        for (std::size_t i = 0; i < direction.size(); ++i)
            direction[i] = quotient[i] + nextSlope / slope * direction[i];
        slope = nextSlope;
    }
    auto from = solution.begin();
    for (Matrix& codebook : codebooks) {
        for (Index i = 0; i < codebook.view().size(); ++i)
            codebook.data()[i] = static_cast<float>(*from++);
    }
    return objectives;
}

}  // namespace quantscope
