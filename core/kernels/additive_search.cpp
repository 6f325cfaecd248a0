// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/additive_search.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

#include "core/base/parallel.h"
#include "core/kernels/product.h"
#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/additive_search.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef QUANTSCOPE_ADDITIVE_SEARCH_ONCE
#define QUANTSCOPE_ADDITIVE_SEARCH_ONCE

namespace quantscope {
namespace {

// Codebooks begin at multiples of this: the lanes of the widest instruction set.
constexpr Index granule = 16;

// The codes of one vector, and what each of their changes costs.
struct Candidate {
    std::vector<std::uint32_t> codes;
    // For each codeword the part of the error that belongs to it, given the codes of the other
    // codebooks: |c|^2 - 2 x.c + 2 sum c.c'. Differences within a codebook are what a change costs.
    std::vector<float> costs;
    double error = 0.0;  // |x - sum|^2 but for a constant
};

// What all rows have in common.
struct DescentSpace {
    const float* products;
    Index codewords;
    std::span<const Index> first;  // codeword of each codebook
    std::span<const Index> counts;
};

}  // namespace
}  // namespace quantscope

#endif

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, granule>;
using IntTag = hn::RebindToSigned<FloatTag>;
constexpr auto laneCount = static_cast<Index>(hn::MaxLanes(FloatTag()));

// costs += added - removed
HWY_INLINE void replaceProducts(const float* HWY_RESTRICT added, const float* HWY_RESTRICT removed,
                                float* HWY_RESTRICT costs, Index count) {
    const FloatTag tag;
    for (Index i = 0; i < count; i += laneCount) {
        const auto difference = hn::Sub(hn::LoadU(tag, added + i), hn::LoadU(tag, removed + i));
        hn::StoreU(hn::Add(hn::LoadU(tag, costs + i), difference), tag, costs + i);
    }
}

HWY_INLINE void addProducts(const float* HWY_RESTRICT added, float* HWY_RESTRICT costs,
                            Index count) {
    const FloatTag tag;
    for (Index i = 0; i < count; i += laneCount) {
        hn::StoreU(hn::Add(hn::LoadU(tag, costs + i), hn::LoadU(tag, added + i)), tag, costs + i);
    }
}

// The place of the least of the values above `bound`, the lowest one of equal ones; values behind
// the last are infinite up to a multiple of 16.
HWY_INLINE std::uint32_t leastAbove(float bound, const float* HWY_RESTRICT values, Index count) {
    const FloatTag tag;
    const IntTag intTag;
    const auto bounds = hn::Set(tag, bound);
    auto best = hn::Set(tag, std::numeric_limits<float>::infinity());
    auto bestIndex = hn::Zero(intTag);
    auto index = hn::Iota(intTag, 0);
    const auto step = hn::Set(intTag, static_cast<std::int32_t>(laneCount));
    for (Index i = 0; i < count; i += laneCount) {
        const auto next = hn::LoadU(tag, values + i);
        // Strictly less: within a lane the lowest index wins a tie.
        const auto better = hn::And(hn::Lt(next, best), hn::Gt(next, bounds));
        best = hn::IfThenElse(better, next, best);
        bestIndex = hn::IfThenElse(hn::RebindMask(intTag, better), index, bestIndex);
        index = hn::Add(index, step);
    }
    const auto isBest = hn::RebindMask(intTag, hn::Eq(best, hn::MinOfLanes(tag, best)));
    const auto none = hn::Set(intTag, std::numeric_limits<std::int32_t>::max());
    const auto candidates = hn::IfThenElse(isBest, bestIndex, none);
    const Index code = hn::GetLane(hn::MinOfLanes(intTag, candidates));
    return static_cast<std::uint32_t>(std::min(code, count - 1));
}

HWY_INLINE void setCode(const DescentSpace& space, std::size_t book, std::uint32_t code,
                        Candidate& candidate) {
    const Index before = space.first[book] + static_cast<Index>(candidate.codes[book]);
    const Index after = space.first[book] + static_cast<Index>(code);
    candidate.error += static_cast<double>(candidate.costs[static_cast<std::size_t>(after)]) -
                       static_cast<double>(candidate.costs[static_cast<std::size_t>(before)]);
    replaceProducts(space.products + after * space.codewords,
                    space.products + before * space.codewords, candidate.costs.data(),
                    space.codewords);
    candidate.codes[book] = code;
}

// Iterated conditional modes, from codebook `book` on.
HWY_INLINE void descend(const DescentSpace& space, std::size_t book, Candidate& candidate) {
    const std::size_t books = space.first.size();
    // Ends long before; rounding could make equal codes alternate.
    const std::size_t most = 100 * books;
    std::size_t settled = 0;
    for (std::size_t visit = 0; visit < most && settled < books; ++visit, ++settled) {
        const float* const costs = candidate.costs.data() + space.first[book];
        const std::uint32_t best =
            leastAbove(-std::numeric_limits<float>::infinity(), costs, space.counts[book]);
        if (costs[best] < costs[candidate.codes[book]]) {
            setCode(space, book, best, candidate);
            settled = 0;
        }
        book = (book + 1) % books;
    }
}

// The code of a codebook that follows `rank` places after the present one in the order of costs.
HWY_INLINE std::uint32_t rankedCode(const DescentSpace& space, std::size_t book, int rank,
                                    const Candidate& candidate) {
    const float* const costs = candidate.costs.data() + space.first[book];
    std::uint32_t code = candidate.codes[book];
    for (int i = 0; i < rank; ++i)
        code = leastAbove(costs[code], costs, space.counts[book]);
    return code;
}

void improveTarget(const DescentSpace& space, int rounds, Candidate& best, Candidate& trial) {
    const std::size_t books = space.first.size();
    for (std::size_t book = 0; book < books; ++book) {
        const Index codeword = space.first[book] + static_cast<Index>(best.codes[book]);
        addProducts(space.products + codeword * space.codewords, best.costs.data(),
                    space.codewords);
    }
    descend(space, 0, best);
    std::size_t book = 0;
    for (int round = 0; round < rounds; ++round, book = (book + 1) % books) {
        const int rank = 1 + round / static_cast<int>(books);
        const std::uint32_t code = rankedCode(space, book, rank, best);
        if (code == best.codes[book]) continue;
        trial.codes = best.codes;
        trial.costs = best.costs;
        trial.error = best.error;
        setCode(space, book, code, trial);
        descend(space, (book + 1) % books, trial);
        if (trial.error < best.error) std::swap(trial, best);
    }
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(improveTarget);

Index paddedCount(Index count) {
    return (count + granule - 1) / granule * granule;
}

}  // namespace

AdditiveSearch::AdditiveSearch(std::span<const MatrixView> codebooks, const std::stop_token& stop)
    : m_dim(codebooks.front().cols) {
    Index rows = 0;
    for (const MatrixView& codebook : codebooks) {
        m_books.push_back({rows, codebook.rows});
        rows += paddedCount(codebook.rows);
    }
    m_codewords = Matrix(rows, m_dim);
    m_squaredNorms.assign(static_cast<std::size_t>(rows), std::numeric_limits<float>::infinity());
    for (std::size_t book = 0; book < m_books.size(); ++book) {
        for (Index k = 0; k < m_books[book].count; ++k) {
            const Index row = m_books[book].first + k;
            double squaredNorm = 0.0;
            for (Index j = 0; j < m_dim; ++j) {
                const float value = codebooks[book](k, j);
                m_codewords(row, j) = value;
                squaredNorm += static_cast<double>(value) * static_cast<double>(value);
            }
            m_squaredNorms[static_cast<std::size_t>(row)] = static_cast<float>(squaredNorm);
        }
    }
    m_products = Matrix(rows, rows);
    constexpr Index rowsAtOnce = 64;
    parallelFor(rows, rowsAtOnce, stop, [&](Index begin, Index end) {
        addProduct(2.0F, strided(m_codewords.view().middleRows(begin, end - begin)),
                   strided(m_codewords.view()).transposed(), m_products.data() + begin * rows,
                   rows);
    });
    for (const Book& book : m_books) {
        for (Index row = book.first; row < book.first + book.count; ++row) {
            std::fill_n(m_products.data() + row * rows + book.first, book.count, 0.0F);
        }
    }
}

std::uint64_t AdditiveSearch::productBytes(Index codewords) {
    return static_cast<std::uint64_t>(codewords * codewords) * sizeof(float);
}

double AdditiveSearch::squaredError(std::span<const float> x,
                                    std::span<const std::uint32_t> codes) const {
    double error = 0.0;
    for (Index j = 0; j < m_dim; ++j) {
        float rest = x[static_cast<std::size_t>(j)];
        for (std::size_t book = 0; book < m_books.size(); ++book)
            rest -= m_codewords(m_books[book].first + static_cast<Index>(codes[book]), j);
        error += static_cast<double>(rest) * static_cast<double>(rest);
    }
    return error;
}

void AdditiveSearch::improve(MatrixView x, std::span<std::uint32_t> codes, int rounds) const {
    const std::size_t books = m_books.size();
    assert(x.cols == m_dim && codes.size() == static_cast<std::size_t>(x.rows) * books);
    std::vector<Index> first;
    std::vector<Index> counts;
    for (const Book& book : m_books) {
        first.push_back(book.first);
        counts.push_back(book.count);
    }
    const DescentSpace space{m_products.data(), m_codewords.rows(), first, counts};
    Matrix costs(x.rows, m_codewords.rows());
    for (Index row = 0; row < x.rows; ++row)
        std::ranges::copy(m_squaredNorms, costs.span().row(row).begin());
    addProduct(-2.0F, strided(x), strided(m_codewords.view()).transposed(), costs.data(),
               costs.cols());
    Candidate best;
    Candidate trial;
    for (Index row = 0; row < x.rows; ++row) {
        const auto own = codes.subspan(static_cast<std::size_t>(row) * books, books);
        best.codes.assign(own.begin(), own.end());
        best.costs.assign(costs.span().row(row).begin(), costs.span().row(row).end());
        best.error = 0.0;
        HWY_DYNAMIC_DISPATCH(improveTarget)
        (space, rounds, best, trial);
        // The sums of products are rounded; the vectors decide.
        if (squaredError(x.row(row), best.codes) < squaredError(x.row(row), own)) {
            std::ranges::copy(best.codes, own.begin());
        }
    }
}

}  // namespace quantscope
#endif
