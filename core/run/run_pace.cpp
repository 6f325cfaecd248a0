// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/run_pace.h"

#include <algorithm>
#include <cmath>
#include <thread>

namespace quantscope {

namespace {

// Multiply-adds that one core is taken to do in a second where nothing was measured.
constexpr double multiplyAddsPerSecond = 3e9;
// What comes to the quantizer's own work with every trial, as multiply-adds: reading, decoding and
// measuring each weight (25 million of them in a second), and writing an artifact and a record.
constexpr double workPerWeight = 120.0;
constexpr double workPerTrial = 5e6;

double workOf(const Trial& trial) {
    return trial.preflight.multiplyAdds +
           workPerWeight * static_cast<double>(trial.rows * trial.cols) + workPerTrial;
}

std::string kindOf(const Json& method) {
    if (method.is_string()) return method.get<std::string>();
    if (!method.is_object() || !method.contains("id") || !method["id"].is_string()) return {};
    auto id = method["id"].get<std::string>();
    const auto parameters = method.find("parameters");
    if (parameters == method.end() || !parameters->contains("base")) return id;
    return id + '/' + kindOf((*parameters)["base"]);
}

std::string kindOf(const Trial& trial) {
    return kindOf(trial.method.toJson());
}

double totalSeconds(const TrialRecord& record) {
    return record.seconds.train + record.seconds.encode + record.seconds.decode;
}

}  // namespace

RunPace RunPace::measured(const std::vector<const Trial*>& ran,
                          const std::vector<TrialRecord>& records, double seconds) {
    struct Sum {
        double seconds = 0.0;
        double work = 0.0;
    };
    std::map<std::string, Sum> kinds;
    double total = 0.0;
    // Measuring and storing take time that no record tells, so each trial counts at least a little.
    constexpr double leastSeconds = 1e-3;
    for (std::size_t i = 0; i < ran.size(); ++i) {
        const double took = leastSeconds + totalSeconds(records[i]);
        Sum& sum = kinds[kindOf(*ran[i])];
        sum.seconds += took;
        sum.work += workOf(*ran[i]);
        total += took;
    }
    RunPace pace;
    for (const auto& [kind, sum] : kinds) {
        pace.m_secondsPerWork[kind] = seconds * (sum.seconds / total) / sum.work;
    }
    return pace;
}

void RunPace::update(const RunPace& newer) {
    for (const auto& [kind, pace] : newer.m_secondsPerWork)
        m_secondsPerWork[kind] = pace;
}

std::optional<double> RunPace::seconds(const std::vector<const Trial*>& trials) const {
    double sum = 0.0;
    for (const Trial* trial : trials) {
        const auto pace = m_secondsPerWork.find(kindOf(*trial));
        if (pace == m_secondsPerWork.end()) return std::nullopt;
        sum += pace->second * workOf(*trial);
    }
    return sum;
}

Json RunPace::toJson() const {
    return m_secondsPerWork;
}

RunPace RunPace::fromJson(const Json& json) {
    RunPace pace;
    if (!json.is_object()) return pace;
    for (const auto& [kind, value] : json.items()) {
        if (!value.is_number()) continue;
        const auto seconds = value.get<double>();
        if (std::isfinite(seconds) && seconds > 0.0) pace.m_secondsPerWork[kind] = seconds;
    }
    return pace;
}

std::string_view roughDuration(const std::vector<const Trial*>& trials) {
    double work = 0.0;
    for (const Trial* trial : trials)
        work += workOf(*trial);
    const double cores = std::max(1U, std::thread::hardware_concurrency());
    const double seconds = work / (multiplyAddsPerSecond * cores);
    if (seconds < 30.0) return "seconds";
    return seconds < 1800.0 ? "minutes" : "hours";
}

std::vector<const Trial*> runnableTrials(const Plan& plan) {
    std::vector<const Trial*> trials;
    for (const Trial& trial : plan.trials) {
        if (trial.preflight.refusal.empty()) trials.push_back(&trial);
    }
    return trials;
}

}  // namespace quantscope
