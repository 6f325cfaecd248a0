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

void RunContext::objective(double value) const {
    if (m_objective) m_objective(m_series.empty() ? "training" : m_series, value * m_unit);
}

RunContext RunContext::part(double from, double to, std::uint64_t stream) const {
    ProgressFunction scaled;
    if (m_progress) {
        scaled = [inner = m_progress, from, to](double fraction, std::string_view phase) {
            inner(from + (to - from) * fraction, phase);
        };
    }
    RunContext result = withProgress(std::move(scaled));
    result.m_seed = Random(m_seed, stream)();
    return result;
}

RunContext RunContext::withProgress(ProgressFunction progress) const {
    RunContext result = *this;
    result.m_progress = std::move(progress);
    return result;
}

RunContext RunContext::withObjective(ObjectiveFunction objective) const {
    RunContext result = *this;
    result.m_objective = [outer = m_objective, inner = std::move(objective)](
                             const std::string& series, double value) {
        inner(series, value);
        if (outer) outer(series, value);
    };
    return result;
}

RunContext RunContext::withSeries(const std::string& series, double unit) const {
    RunContext result = *this;
    result.m_series = m_series.empty() ? series : m_series + ", " + series;
    result.m_unit = m_unit * unit;
    return result;
}

RunContext RunContext::withoutObjectives() const {
    RunContext result = *this;
    result.m_objective = {};
    return result;
}

}  // namespace quantscope
