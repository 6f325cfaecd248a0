// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/forward_pass.h"
#include "core/model/token_rows.h"

namespace quantscope {

/// The model that others are compared with, on the tokens on which they are. Its hidden states,
/// length x channels float32 a row, are kept for as many rows as fit the given memory; those of
/// other rows are computed anew whenever they are asked for, which gives the same bits. Immutable:
/// all calls from any thread.
class ReferenceStates {
public:
    /// What judges of many settings may keep, in bytes: 1 GiB, or an eighth of this machine's
    /// memory where that is less.
    static std::uint64_t usualMemory();

    /// Computes what is kept, rows in parallel. `memory` in bytes; 0 keeps nothing, which is right
    /// when only one model is compared. Both `pass` and `tokens` outlive this. Throws Cancelled.
    ReferenceStates(const ForwardPass& pass, const TokenRows& tokens, std::uint64_t memory,
                    const RunContext& context);

    const ForwardPass& pass() const { return m_pass; }
    const TokenRows& tokens() const { return m_tokens; }
    Index keptRows() const { return static_cast<Index>(m_kept.size()); }

    /// See ForwardPass::hiddenStates. Throws Cancelled.
    std::shared_ptr<const Matrix> hiddenStates(Index row, const std::stop_token& stop) const;

private:
    const ForwardPass& m_pass;
    const TokenRows& m_tokens;
    std::vector<std::shared_ptr<const Matrix>> m_kept;  ///< Of the first rows.
};

}  // namespace quantscope
