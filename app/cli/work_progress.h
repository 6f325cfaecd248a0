// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <ostream>

#include "core/quant/run_context.h"

namespace quantscope {

/// The progress of one piece of work as a line on a terminal that is written over and over; nothing
/// where the output is no terminal.
class WorkProgress {
public:
    /// `out` outlives this object.
    explicit WorkProgress(std::ostream& out);
    ~WorkProgress();
    WorkProgress(const WorkProgress&) = delete;
    WorkProgress& operator=(const WorkProgress&) = delete;

    /// To be given to a RunContext; lives as long as this object.
    RunContext::ProgressFunction function() const;
    /// Takes the line away before other output follows.
    void clear() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace quantscope
