// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <mutex>
#include <string>

#include "core/quant/run_context.h"

namespace quantscope {

/// The progress of work that several threads share. Reports one after the other, so that the
/// fraction which the context is told never falls, and ends at 1 when all is done.
class ProgressCounter {
public:
    /// `total` > 0, in any unit; `context` must outlive this object.
    ProgressCounter(const RunContext& context, double total, std::string phase);

    /// So much more is done. From any thread.
    void add(double amount);

private:
    const RunContext& m_context;
    const double m_total;
    const std::string m_phase;
    std::mutex m_mutex;
    double m_done = 0.0;
};

}  // namespace quantscope
