// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <vector>

namespace quantscope::bench {

/// Rounds in which work and a measure of the machine take turns, so that what else the machine does
/// falls on both; the medians over the rounds are reported. Every benchmark of a rate goes through
/// here.
class ComparedRounds {
public:
    /// `yardstick` returns a rate; a round's share is the rate of the work over it.
    ComparedRounds(std::string unit, std::string yardstickName, std::function<double()> yardstick)
        : m_unit(std::move(unit)),
          m_yardstickName(std::move(yardstickName)),
          m_yardstick(std::move(yardstick)) {}

    /// Runs `work`, whose processor time is measured. `amount`: what it does, in units of 1e9.
    void measure(double amount, const std::function<void()>& work);
    /// The same for work that says itself how many processor seconds it took.
    void add(double amount, double seconds, double yardstickRate);
    double yardstick() const { return m_yardstick(); }

    double lastSeconds() const { return m_seconds.back(); }
    double medianSeconds() const;
    /// Counters: the rate of the work, that of the yardstick, their ratio, processor seconds.
    void report(benchmark::State& state) const;

private:
    std::string m_unit;
    std::string m_yardstickName;
    std::function<double()> m_yardstick;
    std::vector<double> m_seconds;
    std::vector<double> m_rates;
    std::vector<double> m_yardsticks;
    std::vector<double> m_shares;
};

/// Against sgemm, in GFLOP/s.
ComparedRounds againstSgemm();
/// Against copying memory, in GB/s.
ComparedRounds againstCopy();

/// The middle value; the mean of the two for an even number.
double median(std::vector<double> values);

/// Rounds per benchmark.
inline constexpr int roundCount = 5;

/// Runs `work(rounds)` roundCount times on one thread and reports.
void runRounds(benchmark::State& state, ComparedRounds rounds,
               const std::function<void(ComparedRounds&)>& work);

}  // namespace quantscope::bench
