// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/reference_states.h"

#include <algorithm>
#include <atomic>

#include "core/base/machine.h"
#include "core/base/parallel.h"

namespace quantscope {

std::uint64_t ReferenceStates::usualMemory() {
    constexpr std::uint64_t most = std::uint64_t{1} << 30;
    return std::min(most, availableMemory() / 8);
}

ReferenceStates::ReferenceStates(const ForwardPass& pass, const TokenRows& tokens,
                                 std::uint64_t memory, const RunContext& context)
    : m_pass(pass), m_tokens(tokens) {
    const auto rowBytes =
        static_cast<std::uint64_t>(tokens.length * pass.model().config().hidden) * sizeof(float);
    const auto rows = static_cast<std::uint64_t>(tokens.rows);
    m_kept.resize(std::min(rows, memory / std::max(rowBytes, std::uint64_t{1})));
    std::atomic<Index> done = 0;
    parallelFor(keptRows(), 1, context.stop(), [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r) {
            m_kept[static_cast<std::size_t>(r)] =
                std::make_shared<const Matrix>(pass.hiddenStates(tokens.row(r), context.stop()));
            const Index finished = ++done;
            context.progress(static_cast<double>(finished) / static_cast<double>(m_kept.size()),
                             "running the model as it is");
        }
    });
}

std::shared_ptr<const Matrix> ReferenceStates::hiddenStates(Index row,
                                                            const std::stop_token& stop) const {
    const auto r = static_cast<std::size_t>(row);
    if (r < m_kept.size()) return m_kept[r];
    return std::make_shared<const Matrix>(m_pass.hiddenStates(m_tokens.row(row), stop));
}

}  // namespace quantscope
