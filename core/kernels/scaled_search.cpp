// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/scaled_search.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>

namespace quantscope {
namespace {

void multiply(std::span<const float> values, std::span<const float> factors, std::span<float> to) {
    std::ranges::transform(values, factors, to.begin(), std::multiplies());
}

}  // namespace

BlockScales BlockScales::none(Index dim) {
    BlockScales scales{Matrix(1, dim)};
    std::ranges::fill(scales.factors.span().row(0), 1.0F);
    return scales;
}

BlockScales BlockScales::fromWeights(std::span<const double> columnWeights, Index dim) {
    const auto cols = static_cast<Index>(columnWeights.size());
    const double sum = std::accumulate(columnWeights.begin(), columnWeights.end(), 0.0);
    // Where nothing counts, nothing counts more than the rest.
    if (!(sum > 0.0)) return none(dim);
    const double unit = static_cast<double>(cols) / sum;
    // What the last vector of a row is filled up with counts for nothing.
    BlockScales scales{Matrix((cols + dim - 1) / dim, dim)};
    for (Index column = 0; column < cols; ++column) {
        const double weight = std::max(0.0, columnWeights[static_cast<std::size_t>(column)]);
        scales.factors.data()[column] = static_cast<float>(std::sqrt(weight * unit));
    }
    return scales;
}

ScaledSearch::ScaledSearch(std::span<const Matrix> books, const BlockScales& scales, Index beam,
                           const std::stop_token& stop)
    : m_scales(scales), m_books(books.size()) {
    m_panels.reserve(m_books * static_cast<std::size_t>(scales.blocks()));
    for (Index block = 0; block < scales.blocks(); ++block) {
        for (const Matrix& book : books) {
            Matrix scaled(book.rows(), book.cols());
            for (Index k = 0; k < book.rows(); ++k)
                multiply(book.view().row(k), scales.of(block), scaled.span().row(k));
            m_panels.emplace_back(scaled.view(), stop);
        }
    }
    m_searches.reserve(static_cast<std::size_t>(scales.blocks()));
    // Products for every block would take far more memory and time than they save.
    if (scales.blocks() == 1) m_searches.emplace_back(m_panels, beam, stop);
    for (std::size_t first = 0; first < m_panels.size() && scales.blocks() > 1; first += m_books) {
        m_searches.push_back(
            ResidualSearch::withoutProducts(std::span(m_panels).subspan(first, m_books), beam));
    }
}

void ScaledSearch::search(MatrixView vectors, std::span<const Index> numbers,
                          std::span<std::uint32_t> codes) const {
    assert(static_cast<Index>(numbers.size()) == vectors.rows);
    assert(codes.size() == numbers.size() * m_books);
    // Rows by their block, so that those of one are searched together.
    std::vector<std::size_t> order(numbers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto blockOf = [&](std::size_t row) { return numbers[row] % m_scales.blocks(); };
    if (m_scales.blocks() > 1) std::ranges::stable_sort(order, std::less(), blockOf);
    for (auto first = order.begin(); first != order.end();) {
        const Index block = blockOf(*first);
        const auto end = std::find_if(first, order.end(),
                                      [&](std::size_t row) { return blockOf(row) != block; });
        Matrix scaled(end - first, vectors.cols);
        for (Index i = 0; i < scaled.rows(); ++i) {
            multiply(vectors.row(static_cast<Index>(first[i])), m_scales.of(block),
                     scaled.span().row(i));
        }
        std::vector<std::uint32_t> found(static_cast<std::size_t>(scaled.rows()) * m_books);
        m_searches[static_cast<std::size_t>(block)].search(scaled.view(), found);
        for (auto from = found.begin(); first != end; ++first) {
            std::copy_n(from, m_books,
                        codes.begin() + static_cast<std::ptrdiff_t>(*first * m_books));
            from += static_cast<std::ptrdiff_t>(m_books);
        }
    }
}

void ScaledSearch::search(MatrixView vectors, Index firstNumber,
                          std::span<std::uint32_t> codes) const {
    std::vector<Index> numbers(static_cast<std::size_t>(vectors.rows));
    std::iota(numbers.begin(), numbers.end(), firstNumber);
    search(vectors, numbers, codes);
}

}  // namespace quantscope
