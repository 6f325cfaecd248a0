// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/probe.h"

#include <signal.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/io/child_process.h"
#include "core/io/probe_protocol.h"

namespace quantscope {

namespace {

using Clock = std::chrono::steady_clock;

/// A file that kills its reader more often than this is not worth more attempts.
constexpr int mostDeaths = 32;
constexpr std::chrono::milliseconds pollInterval{50};
/// What the loader of programs ends with when a library is missing.
constexpr int notStarted = 127;

std::string secondsText(std::chrono::milliseconds time) {
    return formatSignificant(static_cast<double>(time.count()) / 1000.0) + " s";
}

class Prober {
public:
    Prober(const std::filesystem::path& program, const std::filesystem::path& path,
           const ProbeLimits& limits, const std::vector<std::string>& datasets,
           const std::stop_token& stop)
        : m_program(program), m_path(path), m_limits(limits), m_datasets(datasets), m_stop(stop) {}

    ProbeReport run() {
        for (int deaths = 0;; ++deaths) {
            if (runChild()) return std::move(m_report);
            if (deaths == mostDeaths || m_lastTouched.empty()) {
                m_report.fileError = "'" + printableText(m_path.string()) +
                                     "' cannot be used: " + m_death + " while looking at it. " +
                                     m_verdict;
                return std::move(m_report);
            }
            blame();
        }
    }

private:
    std::vector<std::string> arguments() const;
    std::string orders() const;
    bool runChild();
    void take(const ProbeLine& line);
    void blame();
    static std::string describeDeath(const ChildProcess::Exit& exit);

    const std::filesystem::path& m_program;
    const std::filesystem::path& m_path;
    const ProbeLimits& m_limits;
    const std::vector<std::string>& m_datasets;
    const std::stop_token& m_stop;

    ProbeReport m_report;
    Clock::time_point m_deadline;
    std::string m_lastTouched;  ///< What the child was busy with when it was last heard of.
    bool m_wasReading = false;  ///< Values rather than a header.
    bool m_ended = false;
    std::string m_death;    ///< "HDF5 crashed (Segmentation fault)".
    std::string m_verdict;  ///< "The file is damaged."
};

std::vector<std::string> Prober::arguments() const {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(m_limits.time).count();
    return {m_program.string(),
            probeCommand,
            m_path.string(),
            std::to_string(m_limits.memoryBytes),
            std::to_string(seconds),
            std::to_string(m_limits.readBytes),
            m_limits.followExternalLinks ? "1" : "0"};
}

std::string Prober::orders() const {
    std::string text;
    for (const auto& [name, reason] : m_report.headerErrors) {
        text += formatProbeOrder(ProbeOrder::SkipHeader, name) + "\n";
    }
    for (const auto& [name, reason] : m_report.datasetErrors) {
        text += formatProbeOrder(ProbeOrder::SkipRead, name) + "\n";
    }
    for (const std::string& name : m_report.verified) {
        text += formatProbeOrder(ProbeOrder::SkipRead, name) + "\n";
    }
    for (const std::string& name : m_datasets) {
        text += formatProbeOrder(ProbeOrder::Only, name) + "\n";
    }
    return text;
}

void Prober::take(const ProbeLine& line) {
    switch (line.event) {
        case ProbeEvent::Touch:
            m_lastTouched = line.name;
            m_wasReading = false;
            break;
        case ProbeEvent::Read:
            m_lastTouched = line.name;
            m_wasReading = true;
            m_deadline += std::chrono::milliseconds(line.number * 1000 / probeBytesPerSecond);
            break;
        case ProbeEvent::Alive:
            break;
        case ProbeEvent::Good:
            m_report.verified.push_back(line.name);
            break;
        case ProbeEvent::Bad:
            m_report.datasetErrors[line.name] = line.text;
            break;
        case ProbeEvent::Failed:
            m_report.fileError = line.text;
            m_ended = true;
            break;
        case ProbeEvent::End:
            m_ended = true;
            break;
    }
}

/// Runs one child to its end; whether it came to the end of its work.
bool Prober::runChild() {
    m_lastTouched.clear();
    m_ended = false;
    const Clock::time_point start = Clock::now();
    m_deadline = start + m_limits.time;
    ChildProcess child(arguments(), orders());
    bool timedOut = false;
    for (;;) {
        throwIfStopped(m_stop);
        const std::optional<std::string> line = child.readLine(pollInterval);
        if (!line) break;
        if (const auto parsed = parseProbeLine(*line)) take(*parsed);
        if (Clock::now() > m_deadline) {
            timedOut = true;
            break;
        }
    }
    const ChildProcess::Exit exit = child.finish();
    if (m_ended && !timedOut) return true;
    if (exit.code == notStarted) {
        throw Error("The program '" + printableText(m_program.string()) +
                        "' that checks files before they are opened does not start; a library that "
                        "it needs may be missing.",
                    "Install Quantscope again.");
    }
    using std::chrono::milliseconds;
    m_verdict = "The file is damaged.";
    m_death = describeDeath(exit);
    if (timedOut || exit.signal == SIGXCPU) {
        const auto allowed = std::chrono::duration_cast<milliseconds>(m_deadline - start);
        m_death = "HDF5 did not finish within " + secondsText(allowed);
        m_verdict = "The file may be damaged; if the disk or the machine is busy, open it again.";
    }
    return false;
}

std::string Prober::describeDeath(const ChildProcess::Exit& exit) {
    if (exit.signal == SIGKILL) return "HDF5 did not finish in time";
    if (exit.signal != 0) {
        return "the HDF5 library crashed (" + std::string(strsignal(exit.signal)) + ")";
    }
    return "the checking process ended with code " + std::to_string(exit.code);
}

/// Excludes what the child died of.
void Prober::blame() {
    if (m_wasReading) {
        m_report.datasetErrors[m_lastTouched] =
            "Its values cannot be read: " + m_death + " while reading them. " + m_verdict;
    } else {
        m_report.headerErrors[m_lastTouched] =
            "Its header cannot be read: " + m_death + " while reading it. " + m_verdict;
    }
}

}  // namespace

ProbeReport probe(const std::filesystem::path& prober, const std::filesystem::path& path,
                  const ProbeLimits& limits, const std::vector<std::string>& datasets,
                  const std::stop_token& stop) {
    return Prober(prober, path, limits, datasets, stop).run();
}

}  // namespace quantscope
