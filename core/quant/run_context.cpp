// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/run_context.h"

#include "core/base/parallel.h"

namespace quantscope {

RunContext::RunContext(std::uint64_t seed, std::stop_token stop, ProgressFunction progress)
    : m_seed(seed), m_stop(std::move(stop)), m_progress(std::move(progress)) {}

void RunContext::throwIfStopped() const {
    quantscope::throwIfStopped(m_stop);
}

void RunContext::progress(double fraction, std::string_view phase) const {
    if (m_progress) m_progress(fraction, phase);
}

RunContext RunContext::part(double from, double to, std::uint64_t stream) const {
    ProgressFunction scaled;
    if (m_progress) {
        scaled = [inner = m_progress, from, to](double fraction, std::string_view phase) {
            inner(from + (to - from) * fraction, phase);
        };
    }
    return RunContext(Random(m_seed, stream)(), m_stop, std::move(scaled));
}

}  // namespace quantscope
