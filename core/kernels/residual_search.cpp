// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/residual_search.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "core/base/parallel.h"
#include "core/base/squared_norm.h"
#include "core/kernels/product.h"
#include "core/kernels/residual_beam.h"
#include "core/kernels/simd_targets.h"

// This file is compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/residual_search.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/nearest_inl.h"
#include "core/kernels/nearest_pairs_inl.h"

#ifndef QUANTSCOPE_RESIDUAL_SEARCH_ONCE
#define QUANTSCOPE_RESIDUAL_SEARCH_ONCE

namespace quantscope {
namespace {

// Rows whose sequences are extended together, so that the products of a stage stay in the cache.
constexpr std::size_t blockRows = 32;

// The sequences of some rows, from the best to the worst of each row.
struct Sequences {
    std::vector<std::uint32_t> codes;  // sequences x stages
    std::vector<float> residuals;      // sequences x dim
    std::vector<float> energies;       // |residual|^2
    std::size_t width = 1;             // Sequences per row.

    Sequences(std::size_t count, std::size_t stages, std::size_t dim)
        : codes(count * stages), residuals(count * dim), energies(count) {}
};

// A stage as the kernels see it.
struct StageSpace {
    SearchSpace search;
    std::size_t paddedCount;           // A multiple of the panels' width.
    std::span<const Matrix> products;  // paddedCount columns each.
};

struct StepScratch {
    float* products;   // rows x padded codewords: |c|^2 - 2 x.c
    float* distances;  // sequences of a row x padded codewords
    std::span<CodewordMatch> matches;
    PairCandidates candidates;
};

}  // namespace
}  // namespace quantscope

#endif

HWY_BEFORE_NAMESPACE();
namespace quantscope::HWY_NAMESPACE {
namespace {

// |c|^2 - 2 x.c for some rows.
template <std::size_t Rows>
HWY_INLINE void productsOfRows(const StageSpace& stage, const float* HWY_RESTRICT rows,
                               float* HWY_RESTRICT to) {
    const FloatTag tag;
    for (std::size_t k = 0; k < stage.paddedCount; k += pairCodewords) {
        PairBlock<Rows, false> block;
        block.compute(stage.search, k, rows);
        for (std::size_t r = 0; r < Rows; ++r) {
            for (std::size_t b = 0; b < pairVectors; ++b) {
                hn::StoreU(hn::Add(block.sums[r][b], block.sums[r][b]), tag,
                           to + r * stage.paddedCount + k + b * laneCount);
            }
        }
    }
}

// The squared distances of what a sequence leaves from all codewords.
HWY_INLINE void distancesOfSequence(const StageSpace& stage, float energy,
                                    const std::uint32_t* HWY_RESTRICT codes,
                                    const float* HWY_RESTRICT products,
                                    float* HWY_RESTRICT distances) {
    const FloatTag tag;
    constexpr std::size_t vectors = 4;
    const Floats start = hn::Set(tag, energy);
    static_assert(panelRows % laneCount == 0);
    for (std::size_t k = 0; k < stage.paddedCount; k += panelRows) {
        constexpr std::size_t chunk = panelRows / laneCount;
        for (std::size_t first = 0; first < chunk; first += std::min(vectors, chunk)) {
            Floats sums[std::min(vectors, chunk)];
            const std::size_t at = k + first * laneCount;
            for (std::size_t v = 0; v < std::size(sums); ++v)
                sums[v] = hn::Add(start, hn::LoadU(tag, products + at + v * laneCount));
            for (std::size_t j = 0; j < stage.products.size(); ++j) {
                const float* const row =
                    stage.products[j].data() + codes[j] * stage.paddedCount + at;
                for (std::size_t v = 0; v < std::size(sums); ++v)
                    sums[v] = hn::Add(sums[v], hn::LoadU(tag, row + v * laneCount));
            }
            for (std::size_t v = 0; v < std::size(sums); ++v) {
                hn::StoreU(hn::Max(sums[v], hn::Zero(tag)), tag, distances + at + v * laneCount);
            }
        }
    }
}

// to = from - codeword; returns the squared norm.
HWY_INLINE float subtractCodeword(const float* HWY_RESTRICT from,
                                  const float* HWY_RESTRICT codeword, std::size_t dim,
                                  float* HWY_RESTRICT to) {
    const FloatTag tag;
    Floats sums = hn::Zero(tag);
    std::size_t j = 0;
    for (; j + laneCount <= dim; j += laneCount) {
        const Floats rest = hn::Sub(hn::LoadU(tag, from + j), hn::LoadU(tag, codeword + j));
        hn::StoreU(rest, tag, to + j);
        sums = hn::MulAdd(rest, rest, sums);
    }
    float sum = hn::GetLane(hn::SumOfLanes(tag, sums));
    for (; j < dim; ++j) {
        to[j] = from[j] - codeword[j];
        sum += to[j] * to[j];
    }
    return sum;
}

// Writes the sequences of a row that the matches stand for.
HWY_INLINE void keepMatches(const StageSpace& stage, std::size_t stageCount, std::size_t row,
                            std::span<const CodewordMatch> matches, const Sequences& before,
                            Sequences& after) {
    const std::size_t length = stage.products.size();
    const std::size_t dim = stage.search.dim;
    for (std::size_t i = 0; i < matches.size(); ++i) {
        const std::size_t from = row * before.width + matches[i].row;
        const std::size_t to = row * matches.size() + i;
        std::uint32_t* const codes = after.codes.data() + to * stageCount;
        std::copy_n(before.codes.data() + from * stageCount, length, codes);
        codes[length] = matches[i].codeword;
        after.energies[to] = subtractCodeword(before.residuals.data() + from * dim,
                                              stage.search.codewords + matches[i].codeword * dim,
                                              dim, after.residuals.data() + to * dim);
    }
}

// Appends a code to the sequences of some rows; as many stay as there are `scratch.matches`.
void extendTarget(const StageSpace& stage, std::size_t stageCount, const float* rows,
                  std::size_t rowCount, const StepScratch& scratch, const Sequences& before,
                  Sequences& after) {
    const std::size_t padded = stage.paddedCount;
    std::size_t row = 0;
    for (; row + pairRows <= rowCount; row += pairRows)
        productsOfRows<pairRows>(stage, rows + row * stage.search.dim,
                                 scratch.products + row * padded);
    for (; row < rowCount; ++row)
        productsOfRows<1>(stage, rows + row * stage.search.dim, scratch.products + row * padded);
    for (row = 0; row < rowCount; ++row) {
        for (std::size_t i = 0; i < before.width; ++i) {
            const std::size_t sequence = row * before.width + i;
            distancesOfSequence(stage, before.energies[sequence],
                                before.codes.data() + sequence * stageCount,
                                scratch.products + row * padded, scratch.distances + i * padded);
        }
        BestPairs best(scratch.matches);
        enterPairs(scratch.distances, before.width, padded, {0, stage.search.count},
                   scratch.candidates, best);
        keepMatches(stage, stageCount, row, scratch.matches, before, after);
    }
}

void startTarget(const MatrixView& x, const float* offset, Sequences& start) {
    packRows(x, offset, start.residuals.data());
    for (Index row = 0; row < x.rows; ++row) {
        start.energies[static_cast<std::size_t>(row)] =
            squaredDistance(x.data + row * x.stride, offset, static_cast<std::size_t>(x.cols));
    }
    start.width = 1;
}

}  // namespace
}  // namespace quantscope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace quantscope {
namespace {

HWY_EXPORT(extendTarget);
HWY_EXPORT(startTarget);

double asDouble(Index value) {
    return static_cast<double>(value);
}

Index padded(Index codewords) {
    return panelCount(codewords) * panelWidth;
}

// 2 a.b for the rows of both; columns behind the last row of `b` hold 0.
Matrix doubledProducts(MatrixView a, MatrixView b, const std::stop_token& stop) {
    constexpr Index rowsAtOnce = 32;
    Matrix products(a.rows, padded(b.rows));
    parallelFor(a.rows, rowsAtOnce, stop, [&](Index begin, Index end) {
        addProduct(2.0F, strided(a.middleRows(begin, end - begin)), strided(b).transposed(),
                   products.data() + begin * products.cols(), products.cols());
    });
    return products;
}

std::vector<PanelRow> halfSquaredNorms(MatrixView codewords) {
    std::vector<PanelRow> bias(static_cast<std::size_t>(panelCount(codewords.rows)));
    for (PanelRow& row : bias)
        row.lanes.fill(std::numeric_limits<float>::infinity());
    for (Index k = 0; k < codewords.rows; ++k)
        laneValue(bias, k) = static_cast<float>(squaredNorm(codewords.row(k)) / 2.0);
    return bias;
}

Index widthAfter(Index width, Index codewords, Index beam) {
    return std::min(beam, width * codewords);
}

}  // namespace

StageProducts::StageProducts(std::span<const CodewordPanels> stages, const std::stop_token& stop) {
    assert(!stages.empty());
    const SearchSpace first = stages.front().searchSpace();
    m_offset.assign(first.offset, first.offset + first.dim);
    const std::vector<float> origin(m_offset.size());
    for (const CodewordPanels& panels : stages) {
        Stage& stage = m_stages.emplace_back();
        stage.codewords = Matrix(panels.count(), panels.dim());
        for (Index k = 0; k < panels.count(); ++k)
            std::ranges::copy(panels.codewords().row(k), stage.codewords.span().row(k).begin());
        if (m_stages.size() == 1) {
            for (Index k = 0; k < panels.count(); ++k) {
                const std::span<float> codeword = stage.codewords.span().row(k);
                std::ranges::transform(codeword, m_offset, codeword.begin(), std::minus());
            }
        }
        const MatrixView codewords = stage.codewords.view();
        stage.panels = packPanels(codewords, origin, stop);
        stage.bias = halfSquaredNorms(codewords);
        for (std::size_t before = 0; before + 1 < m_stages.size(); ++before)
            stage.products.push_back(
                doubledProducts(m_stages[before].codewords.view(), codewords, stop));
    }
}

bool StageProducts::pay(std::span<const Index> codewords, Index beam, Index dim) {
    constexpr std::uint64_t mostBytes = std::uint64_t{64} << 20;
    constexpr Index componentsPerStage = 4;
    return beam > 1 && codewords.size() > 1 &&
           dim >= componentsPerStage * static_cast<Index>(codewords.size()) &&
           bytes(codewords) <= mostBytes;
}

std::uint64_t StageProducts::bytes(std::span<const Index> codewords) {
    Index products = 0;
    for (std::size_t stage = 0; stage < codewords.size(); ++stage) {
        for (std::size_t before = 0; before < stage; ++before)
            products += codewords[before] * padded(codewords[stage]);
    }
    return static_cast<std::uint64_t>(products) * sizeof(float);
}

void StageProducts::search(MatrixView x, Index beam, std::span<std::uint32_t> codes) const {
    const std::size_t stageCount = m_stages.size();
    const std::size_t dim = m_offset.size();
    const std::size_t rows = std::min(blockRows, static_cast<std::size_t>(x.rows));
    Index mostWidth = 1;
    Index mostCodewords = 0;
    for (const Stage& stage : m_stages) {
        mostWidth = widthAfter(mostWidth, stage.codewords.rows(), beam);
        mostCodewords = std::max(mostCodewords, padded(stage.codewords.rows()));
    }
    const auto width = static_cast<std::size_t>(mostWidth);
    const auto pairs = width * static_cast<std::size_t>(mostCodewords);
    Sequences now(rows * width, stageCount, dim);
    Sequences next(rows * width, stageCount, dim);
    std::vector<float> packed(rows * dim);
    std::vector<float> products(rows * static_cast<std::size_t>(mostCodewords));
    std::vector<float> distances(pairs);
    std::vector<CodewordMatch> matches(width);
    CandidateSpace candidates(width, pairs);
    for (Index first = 0; first < x.rows; first += static_cast<Index>(rows)) {
        const Index count = std::min(static_cast<Index>(rows), x.rows - first);
        HWY_DYNAMIC_DISPATCH(startTarget)(x.middleRows(first, count), m_offset.data(), now);
        std::copy_n(now.residuals.begin(), static_cast<std::size_t>(count) * dim, packed.begin());
        for (const Stage& stage : m_stages) {
            const bool last = &stage == &m_stages.back();
            const Index kept =
                widthAfter(static_cast<Index>(now.width), stage.codewords.rows(), last ? 1 : beam);
            const StageSpace space{
                {stage.panels.data(), stage.bias.data(), m_offset.data(), stage.codewords.data(),
                 static_cast<std::size_t>(stage.codewords.rows()), dim, false},
                static_cast<std::size_t>(padded(stage.codewords.rows())),
                stage.products};
            const StepScratch scratch{products.data(), distances.data(),
                                      std::span(matches).first(static_cast<std::size_t>(kept)),
                                      candidates.candidates()};
            HWY_DYNAMIC_DISPATCH(extendTarget)
            (space, stageCount, packed.data(), static_cast<std::size_t>(count), scratch, now, next);
            next.width = static_cast<std::size_t>(kept);
            std::swap(now, next);
        }
        std::copy_n(now.codes.begin(), static_cast<std::size_t>(count) * stageCount,
                    codes.begin() + first * static_cast<Index>(stageCount));
    }
}

ResidualSearch::ResidualSearch(std::span<const CodewordPanels> stages, Index beam,
                               const std::stop_token& stop)
    : m_stages(stages), m_beam(beam) {
    std::vector<Index> codewords;
    for (const CodewordPanels& stage : stages)
        codewords.push_back(stage.count());
    if (StageProducts::pay(codewords, beam, stages.front().dim())) m_products.emplace(stages, stop);
}

void ResidualSearch::search(MatrixView x, std::span<std::uint32_t> codes) const {
    if (m_products) {
        m_products->search(x, m_beam, codes);
        return;
    }
    ResidualBeam beam(x);
    for (const CodewordPanels& stage : m_stages)
        beam.extend(stage, &stage == &m_stages.back() ? 1 : m_beam);
    beam.bestCodes(codes);
}

double ResidualSearch::work(std::span<const Index> codewords, Index beam, Index dim) {
    const bool products = StageProducts::pay(codewords, beam, dim);
    double work = 0.0;
    Index width = 1;
    for (std::size_t stage = 0; stage < codewords.size(); ++stage) {
        const double sums =
            asDouble(width) * (products ? static_cast<double>(stage) : asDouble(dim));
        work += asDouble(codewords[stage]) * (products ? asDouble(dim) + sums : sums);
        width = widthAfter(width, codewords[stage], beam);
    }
    return work;
}

std::uint64_t ResidualSearch::bytes(std::span<const Index> codewords, Index beam, Index dim) {
    return StageProducts::pay(codewords, beam, dim) ? StageProducts::bytes(codewords) : 0;
}

}  // namespace quantscope
#endif
