// SPDX-License-Identifier: GPL-3.0-or-later
#include "compared_rounds.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "cpu_time.h"
#include "roofline.h"

namespace quantscope::bench {

void ComparedRounds::measure(double amount, const std::function<void()>& work) {
    const double before = m_yardstick();
    const double seconds = cpuSecondsOf(work);
    add(amount, seconds, (before + m_yardstick()) / 2.0);
}

void ComparedRounds::add(double amount, double seconds, double yardstickRate) {
    m_seconds.push_back(seconds);
    m_rates.push_back(amount / seconds);
    m_yardsticks.push_back(yardstickRate);
    m_shares.push_back(m_rates.back() / yardstickRate);
}

double ComparedRounds::medianSeconds() const {
    return median(m_seconds);
}

void ComparedRounds::report(benchmark::State& state) const {
    state.counters[m_unit] = median(m_rates);
    state.counters[m_yardstickName] = median(m_yardsticks);
    state.counters["share"] = median(m_shares);
    state.counters["cpu_s"] = median(m_seconds);
}

ComparedRounds againstSgemm() {
    return {"GFLOP/s", "sgemm", sgemmRate};
}

ComparedRounds againstCopy() {
    return {"GB/s", "copy", copyRate};
}

double median(std::vector<double> values) {
    const std::size_t middle = values.size() / 2;
    std::ranges::sort(values);
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

void runRounds(benchmark::State& state, ComparedRounds rounds,
               const std::function<void(ComparedRounds&)>& work) {
    Arena arena(1);
    for (auto _ : state) {
        arena.execute([&] { work(rounds); });
        state.SetIterationTime(rounds.lastSeconds());
    }
    rounds.report(state);
}

}  // namespace quantscope::bench
