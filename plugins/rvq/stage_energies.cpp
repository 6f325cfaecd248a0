// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/rvq/stage_energies.h"

#include <algorithm>
#include <functional>

#include "core/base/squared_norm.h"

namespace quantscope::rvq {

void StageEnergies::add(std::span<const MatrixView> books, Index firstVector, MatrixView vectors,
                        std::span<const std::uint32_t> codes, std::span<double> sums) const {
    const Index dim = m_layout.dim / m_settings.groups();
    const auto stages = static_cast<std::size_t>(m_settings.stages());
    std::vector<float> residual;
    auto code = codes.begin();
    for (Index row = 0; row < vectors.rows; ++row) {
        const Index length = m_layout.length(firstVector + row);
        auto sum = sums.begin();
        for (Index group = 0; group < m_settings.groups(); ++group) {
            const auto values = vectors.middleCols(group * dim, dim).row(row);
            const Index used = std::clamp<Index>(length - group * dim, 0, dim);
            residual.assign(values.begin(), values.begin() + used);
            *sum++ += squaredNorm(residual);
            for (const MatrixView& stage :
                 books.subspan(static_cast<std::size_t>(group) * stages, stages)) {
                const auto codeword = stage.row(static_cast<Index>(*code++));
                std::transform(residual.begin(), residual.end(), codeword.begin(), residual.begin(),
                               std::minus());
                *sum++ += squaredNorm(residual);
            }
        }
    }
}

std::vector<double> StageEnergies::shares(std::span<const double> sums) const {
    const auto perGroup = static_cast<std::size_t>(m_settings.stages() + 1);
    std::vector<double> shares;
    for (; !sums.empty(); sums = sums.subspan(perGroup)) {
        for (const double sum : sums.subspan(1, perGroup - 1))
            shares.push_back(sums[0] > 0.0 ? sum / sums[0] : 0.0);
    }
    return shares;
}

}  // namespace quantscope::rvq
