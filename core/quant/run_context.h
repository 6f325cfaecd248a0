// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/random.h"

namespace quantscope {

/// Wall seconds spent in the phases of a trial.
struct PhaseSeconds {
    double train = 0.0;
    double encode = 0.0;
    double decode = 0.0;
};

/// What a computation gets from whoever runs it.
class RunContext {
public:
    /// Told the fraction done (0..1) and the phase ("training stage 2 of 4"); from any thread.
    using ProgressFunction = std::function<void(double fraction, std::string_view phase)>;

    /// Told what training minimizes, after each iteration: a value of the curve `series`
    /// ("stage 2"), as a share of the energy of what is coded (NMSE of the training data). Values
    /// of one series come one after the other; different series may come from several threads.
    using ObjectiveFunction = std::function<void(const std::string& series, double value)>;

    explicit RunContext(std::uint64_t seed = 0, std::stop_token stop = {},
                        ProgressFunction progress = {});

    std::uint64_t seed() const { return m_seed; }
    const std::stop_token& stop() const { return m_stop; }
    void throwIfStopped() const;

    /// The random stream of one block of work; streams with different numbers are unrelated.
    Random random(std::uint64_t block) const { return Random(m_seed, block); }

    void progress(double fraction, std::string_view phase) const;
    /// Adds `value` times the unit of the series (see withSeries) to the curve of this context.
    void objective(double value) const;

    /// A context whose progress 0..1 shows as `from`..`to` of this one, and whose random streams
    /// are unrelated to those of parts with another `stream`.
    RunContext part(double from, double to, std::uint64_t stream) const;
    /// The same context, with progress told to `progress` instead.
    RunContext withProgress(ProgressFunction progress) const;
    /// The same context, with objectives told to `objective` as well.
    RunContext withObjective(ObjectiveFunction objective) const;
    /// The same context, whose objectives belong to the curve `series` (after the name of this
    /// context's own, if it has one: "4 bits, codebook") and are counted in `unit`.
    RunContext withSeries(const std::string& series, double unit = 1.0) const;
    /// The same context, whose objectives nobody hears: for training on trial.
    RunContext withoutObjectives() const;

private:
    std::uint64_t m_seed;
    std::stop_token m_stop;
    ProgressFunction m_progress;
    ObjectiveFunction m_objective;
    std::string m_series;
    double m_unit = 1.0;
};

/// Adds the wall time of a scope to one field of PhaseSeconds.
class PhaseTimer {
public:
    explicit PhaseTimer(double& seconds)
        : m_seconds(seconds), m_start(std::chrono::steady_clock::now()) {}
    ~PhaseTimer() {
        m_seconds +=
            std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    }
    PhaseTimer(const PhaseTimer&) = delete;
    PhaseTimer& operator=(const PhaseTimer&) = delete;

private:
    double& m_seconds;
    std::chrono::steady_clock::time_point m_start;
};

}  // namespace quantscope
