// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/residual_beam.h"

#include <algorithm>
#include <cassert>

namespace quantscope {
namespace {

void subtract(std::span<const float> from, std::span<const float> codeword, std::span<float> to) {
    std::ranges::transform(from, codeword, to.begin(), std::minus());
}

std::span<const float> codewordOf(const CodewordPanels& stage, std::uint32_t code) {
    return stage.codewords().row(static_cast<Index>(code));
}

}  // namespace

ResidualBeam::ResidualBeam(MatrixView x) : m_rows(x.rows), m_residuals(x.rows, x.cols) {
    for (Index row = 0; row < m_rows; ++row) {
        std::ranges::copy(x.row(row), m_residuals.span().row(row).begin());
    }
}

ResidualBeam::ResidualBeam(MatrixView x, std::span<const CodewordPanels> stages,
                           std::span<const std::uint32_t> sequences)
    : m_rows(x.rows), m_stages(static_cast<Index>(stages.size())) {
    assert(!stages.empty() && m_rows > 0);
    assert(static_cast<Index>(sequences.size()) % (m_rows * m_stages) == 0);
    m_width = static_cast<Index>(sequences.size()) / (m_rows * m_stages);
    m_residuals = Matrix(m_rows * m_width, x.cols);
    m_sequences.assign(sequences.begin(), sequences.end());
    auto code = m_sequences.begin();
    for (Index i = 0; i < m_residuals.rows(); ++i) {
        const std::span<float> residual = m_residuals.span().row(i);
        std::ranges::copy(x.row(i / m_width), residual.begin());
        for (const CodewordPanels& stage : stages)
            subtract(residual, codewordOf(stage, *code++), residual);
    }
}

void ResidualBeam::extend(const CodewordPanels& stage, Index keep) {
    assert(keep > 0);
    const Index width = std::min(keep, m_width * stage.count());
    if (width == 1 && m_width == 1) {
        extendGreedily(stage);
        return;
    }
    std::vector<CodewordMatch> matches(static_cast<std::size_t>(m_rows * width));
    stage.nearestPairs(m_residuals.view(), m_width, matches);
    Matrix residuals(m_rows * width, m_residuals.cols());
    std::vector<std::uint32_t> sequences;
    sequences.reserve(matches.size() * static_cast<std::size_t>(m_stages + 1));
    for (Index i = 0; i < residuals.rows(); ++i) {
        const CodewordMatch& match = matches[static_cast<std::size_t>(i)];
        const Index parent = i / width * m_width + static_cast<Index>(match.row);
        subtract(m_residuals.view().row(parent), codewordOf(stage, match.codeword),
                 residuals.span().row(i));
        const auto codes = m_sequences.begin() + parent * m_stages;
        sequences.insert(sequences.end(), codes, codes + m_stages);
        sequences.push_back(match.codeword);
    }
    m_residuals = std::move(residuals);
    m_sequences = std::move(sequences);
    m_width = width;
    ++m_stages;
}

void ResidualBeam::extendGreedily(const CodewordPanels& stage) {
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(m_rows));
    stage.nearest(m_residuals.view(), codes);
    std::vector<std::uint32_t> sequences;
    sequences.reserve(codes.size() * static_cast<std::size_t>(m_stages + 1));
    for (Index row = 0; row < m_rows; ++row) {
        const std::uint32_t code = codes[static_cast<std::size_t>(row)];
        const std::span<float> residual = m_residuals.span().row(row);
        subtract(residual, codewordOf(stage, code), residual);
        const auto before = m_sequences.begin() + row * m_stages;
        sequences.insert(sequences.end(), before, before + m_stages);
        sequences.push_back(code);
    }
    m_sequences = std::move(sequences);
    ++m_stages;
}

void ResidualBeam::bestCodes(std::span<std::uint32_t> codes) const {
    assert(static_cast<Index>(codes.size()) == m_rows * m_stages);
    auto to = codes.begin();
    for (Index row = 0; row < m_rows; ++row) {
        const auto best = m_sequences.begin() + row * m_width * m_stages;
        to = std::copy(best, best + m_stages, to);
    }
}

Index beamWidth(std::span<const CodewordPanels> stages, Index stage, Index beam) {
    Index width = 1;
    for (Index s = 0; s < stage; ++s) {
        width = std::min(beam, width * stages[static_cast<std::size_t>(s)].count());
    }
    return width;
}

}  // namespace quantscope
