// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/grouped_codebooks.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/kernels/codebook_refinement.h"
#include "core/kernels/residual_training.h"

namespace quantscope::rvq {
namespace {

Matrix copied(MatrixView values) {
    Matrix copy(values.rows, values.cols);
    for (Index row = 0; row < values.rows; ++row)
        std::ranges::copy(values.row(row), copy.span().row(row).begin());
    return copy;
}

// The scales of the columns of one group.
BlockScales ofColumns(const BlockScales& whole, Index first, Index count) {
    return {copied(whole.factors.view().middleCols(first, count))};
}

}  // namespace

void GroupedCodebooks::train(const TrainingSample& sample, const SideInformation& side,
                             const CodewordFormat& format, double share,
                             const RunContext& context) {
    const std::string missing = m_settings.refuseSide(m_layout, side);
    if (!missing.empty()) throw Error(missing);
    if (m_settings.weighted) {
        const BlockScales whole = BlockScales::fromWeights(side.hessian->diagonal, m_layout.dim);
        for (Index group = 0; group < m_settings.groups(); ++group)
            m_scales.push_back(ofColumns(whole, group * m_dim, m_dim));
    }
    std::vector<Matrix> given;
    if (!m_settings.seeded) {
        given = scaledCodebooks(*side.codebooks, format.exponent(), m_settings.half);
    }
    const std::vector<Index> numbers = sample.allNumbers();
    const auto groups = static_cast<double>(m_settings.groups());
    auto nextGiven = given.begin();
    for (Index group = 0; group < m_settings.groups(); ++group) {
        const auto before = static_cast<double>(group);
        const RunContext part =
            context.part(share * before / groups, share * (before + 1.0) / groups,
                         static_cast<std::uint64_t>(group) + 1);
        std::vector<Matrix> own;
        for (Index stage = 0; stage < m_settings.stages() && !given.empty(); ++stage)
            own.push_back(std::move(*nextGiven++));
        const std::vector<Matrix> books =
            m_settings.groups() == 1
                ? trainGroup(group, sample.vectors.view(), numbers, std::move(own), format, part)
                : trainGroup(group, copied(ofGroup(sample.vectors.view(), group)).view(), numbers,
                             std::move(own), format, part.withSeries(m_settings.groupName(group)));
        for (const Matrix& book : books)
            m_books.emplace_back(book.view(), context.stop());
        if (m_settings.weighted) {
            m_weighted.emplace_back(books, m_scales[static_cast<std::size_t>(group)],
                                    m_settings.beam, context.stop());
        }
    }
    // All codebooks are there now and stay where they are.
    for (Index group = 0; group < m_settings.groups() && !m_settings.weighted; ++group)
        m_plain.emplace_back(stagesOf(group), m_settings.beam, context.stop());
}

std::vector<Matrix> GroupedCodebooks::trainGroup(Index group, MatrixView x,
                                                 std::span<const Index> numbers,
                                                 std::vector<Matrix> given,
                                                 const CodewordFormat& format,
                                                 const RunContext& context) const {
    constexpr double seededShare = 0.5;
    const bool isRefined = m_settings.weighted || !m_settings.seeded;
    const double from = m_settings.seeded ? (isRefined ? seededShare : 1.0) : 0.0;
    std::vector<Matrix> books = std::move(given);
    if (m_settings.seeded) {
        ResidualParameters parameters = m_settings.training();
        if (isRefined) parameters.refits = 0;
        // Without refinement nothing stands between the context and the training.
        const RunContext part = isRefined ? context.part(0.0, from, 0) : context;
        for (const CodewordPanels& stage :
             trainResidualCodebooks(x, parameters, format, part).stages) {
            books.push_back(copied(stage.codewords()));
        }
    }
    if (!isRefined) return books;
    const std::string curve =
        m_settings.weighted ? "all stages, weighted by the Hessian" : "all stages";
    const BlockScales unscaled = BlockScales::none(m_dim);
    return refineCodebooks(
               x, numbers, std::move(books),
               m_settings.weighted ? m_scales[static_cast<std::size_t>(group)] : unscaled,
               {.beam = m_settings.beam, .rounds = m_settings.refits, .relativeGain = 0.0}, format,
               context.part(from, 1.0, 1).withSeries(curve))
        .books;
}

std::span<const CodewordPanels> GroupedCodebooks::stagesOf(Index group) const {
    const auto stages = static_cast<std::size_t>(m_settings.stages());
    return std::span(m_books).subspan(static_cast<std::size_t>(group) * stages, stages);
}

void GroupedCodebooks::search(Index group, Index firstVector, MatrixView x,
                              std::span<std::uint32_t> codes) const {
    if (m_settings.weighted) {
        m_weighted[static_cast<std::size_t>(group)].search(x, firstVector, codes);
    } else {
        m_plain[static_cast<std::size_t>(group)].search(x, codes);
    }
}

void GroupedCodebooks::encode(Index firstVector, MatrixView vectors,
                              std::span<std::uint32_t> codes) const {
    if (m_settings.groups() == 1) {
        search(0, firstVector, vectors, codes);
        return;
    }
    const auto stages = static_cast<std::size_t>(m_settings.stages());
    const auto perVector = static_cast<std::size_t>(m_settings.books());
    std::vector<std::uint32_t> own(static_cast<std::size_t>(vectors.rows) * stages);
    for (Index group = 0; group < m_settings.groups(); ++group) {
        search(group, firstVector, ofGroup(vectors, group), own);
        auto from = own.begin();
        for (std::size_t to = static_cast<std::size_t>(group) * stages; to < codes.size();
             to += perVector, from += static_cast<std::ptrdiff_t>(stages)) {
            std::copy_n(from, stages, codes.begin() + static_cast<std::ptrdiff_t>(to));
        }
    }
}

}  // namespace quantscope::rvq
