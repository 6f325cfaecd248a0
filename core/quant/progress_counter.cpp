// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/progress_counter.h"

#include <algorithm>

namespace quantscope {

ProgressCounter::ProgressCounter(const RunContext& context, double total, std::string phase)
    : m_context(context), m_total(total), m_phase(std::move(phase)) {}

void ProgressCounter::add(double amount) {
    const std::lock_guard lock(m_mutex);
    m_done += amount;
    m_context.progress(std::min(1.0, m_done / m_total), m_phase);
}

}  // namespace quantscope
