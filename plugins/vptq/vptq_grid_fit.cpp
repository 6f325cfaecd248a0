// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/vptq/vptq_grid_fit.h"

#include <algorithm>
#include <cmath>

#include "core/base/finite_float.h"

namespace quantscope::vptq {

VptqGridFit::VptqGridFit(VptqGrid& grid) : m_grid(grid) {
    for (const std::vector<Matrix>& books : grid.model().books) {
        std::vector<std::size_t>& first = m_first.emplace_back();
        for (const Matrix& book : books) {
            first.push_back(m_count);
            m_count += static_cast<std::size_t>(book.view().size());
        }
    }
}

template <typename Visit>
void VptqGridFit::forCoefficients(Index row, Index column, const Visit& visit) const {
    const std::size_t kind = m_grid.model().places[static_cast<std::size_t>(column)].kind;
    const auto dim = static_cast<std::size_t>(m_grid.model().kinds[kind].dim);
    const std::span<const std::uint32_t> codes = m_grid.codesAt(row, column);
    for (std::size_t stage = 0; stage < codes.size(); ++stage)
        visit(m_first[kind][stage] + codes[stage] * dim + static_cast<std::size_t>(row) % dim);
}

std::vector<double> VptqGridFit::coefficients() const {
    std::vector<double> all;
    for (const std::vector<Matrix>& books : m_grid.model().books) {
        for (const Matrix& book : books)
            all.insert(all.end(), book.data(), book.data() + book.view().size());
    }
    return all;
}

void VptqGridFit::decode(std::span<const double> coefficients, Index firstRow,
                         MatrixSpan out) const {
    for (Index r = 0; r < out.rows; ++r) {
        const double gain = m_grid.model().gainOf(firstRow + r);
        for (Index c = 0; c < out.cols; ++c) {
            double sum = 0.0;
            forCoefficients(firstRow + r, c, [&](std::size_t i) { sum += coefficients[i]; });
            out(r, c) = toFiniteFloat(gain * sum);
        }
    }
}

void VptqGridFit::addTransposed(MatrixView gradient, Index firstRow, std::span<double> sums) const {
    for (Index r = 0; r < gradient.rows; ++r) {
        const double gain = m_grid.model().gainOf(firstRow + r);
        for (Index c = 0; c < gradient.cols; ++c) {
            const double share = gain * static_cast<double>(gradient(r, c));
            forCoefficients(firstRow + r, c, [&](std::size_t i) { sums[i] += share; });
        }
    }
}

void VptqGridFit::store(std::span<const double> coefficients) {
    std::vector<std::vector<Matrix>> books;
    std::size_t at = 0;
    const double scale = std::exp2(-m_grid.model().format.exponent());
    for (const std::vector<Matrix>& present : m_grid.model().books) {
        std::vector<Matrix>& kind = books.emplace_back();
        for (const Matrix& book : present) {
            Matrix& fitted = kind.emplace_back(book.rows(), book.cols());
            for (Index i = 0; i < book.view().size(); ++i)
                fitted.data()[i] = toFiniteFloat(scale * coefficients[at++]);
        }
    }
    m_grid.setBooks(std::move(books));
}

}  // namespace quantscope::vptq
