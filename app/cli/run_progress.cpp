// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/run_progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "app/cli/terminal_width.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

constexpr std::chrono::milliseconds interval{100};
// An estimate from the first moments would jump about.
constexpr double settledSeconds = 2.0;

std::string clockTime(double seconds) {
    const auto whole = static_cast<std::int64_t>(std::lround(seconds));
    const std::string minutes = std::to_string(whole / 60 % 60);
    const std::string rest = std::to_string(whole % 60);
    const std::string text = (minutes.size() < 2 && whole >= 3600 ? "0" : "") + minutes +
                             (rest.size() < 2 ? ":0" : ":") + rest;
    return whole >= 3600 ? std::to_string(whole / 3600) + ":" + text : text;
}

// What fits on a line of the terminal, or of 80 characters where its width is not known.
std::string fitted(std::string line) {
    winsize size{};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    const std::size_t width = known ? size.ws_col - 1U : 79U;
    while (terminalWidth(line) > width) {
        // The last character with all its bytes.
        while ((static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U)
            line.pop_back();
        line.pop_back();
    }
    return line;
}

}  // namespace

ProgressStyle parseProgressStyle(const std::string& text) {
    if (text == "auto")
        return isatty(STDERR_FILENO) != 0 ? ProgressStyle::Line : ProgressStyle::None;
    if (text == "line") return ProgressStyle::Line;
    if (text == "json") return ProgressStyle::JsonLines;
    if (text == "none") return ProgressStyle::None;
    throw Error("Progress cannot be shown as '" + text + "'.", "Choose auto, line, json or none.");
}

RunProgress::RunProgress(ProgressStyle style, const Plan& plan, std::ostream& out)
    : m_style(style), m_out(out), m_total(plan.trials.size()) {
    // Besides the work, every trial reads and measures its tensor.
    double total = 0.0;
    for (const Trial& trial : plan.trials) {
        double work = 50.0 * static_cast<double>(trial.rows) * static_cast<double>(trial.cols);
        if (trial.preflight.refusal.empty()) work += trial.preflight.multiplyAdds;
        m_work[trial.id] = work;
        total += work;
    }
    for (auto& [id, work] : m_work)
        work = total > 0.0 ? work / total : 1.0 / static_cast<double>(m_total);
}

RunProgress::~RunProgress() {
    if (m_style == ProgressStyle::Line) m_out << "\r\x1b[K" << std::flush;
}

bool RunProgress::isDue() {
    const Clock::time_point now = Clock::now();
    if (now - m_last < interval) return false;
    m_last = now;
    return true;
}

double RunProgress::doneFraction() const {
    double work = m_finishedWork;
    for (const auto& [id, fraction] : m_fractions)
        work += fraction * m_work.at(id);
    const double all = 1.0 - m_recordedWork;
    return all > 0.0 ? std::clamp(work / all, 0.0, 1.0) : 1.0;
}

Json RunProgress::timing() const {
    const double elapsed = std::chrono::duration<double>(Clock::now() - m_start).count();
    const double done = doneFraction();
    Json json{{"done", m_finished}, {"total", m_total}, {"run_fraction", done}};
    if (elapsed >= settledSeconds && done > 0.0) {
        json["seconds_left"] = elapsed / done * (1.0 - done);
    }
    return json;
}

void RunProgress::writeLine(const std::string& what) {
    const Json now = timing();
    std::string line = std::to_string(m_finished) + " of " + std::to_string(m_total) + " trials, " +
                       std::to_string(std::lround(100.0 * doneFraction())) + "%";
    if (now.contains("seconds_left")) {
        line += ", " + clockTime(now["seconds_left"].get<double>()) + " left";
    }
    line += "   " + printableText(what);
    m_out << '\r' << fitted(std::move(line)) << "\x1b[K" << std::flush;
}

void RunProgress::writeJson(const char* event, const Trial& trial, const Json& more) {
    Json json{{"event", event},
              {"trial", trial.id},
              {"tensor", trial.tensor},
              {"method", trial.methodText}};
    json.update(more);
    json.update(timing());
    m_out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
}

void RunProgress::trialStarted(const Trial& trial) {
    if (m_style == ProgressStyle::None) return;
    const std::lock_guard lock(m_mutex);
    m_fractions[trial.id] = 0.0;
    if (m_style == ProgressStyle::JsonLines) {
        writeJson("started", trial, Json::object());
    } else if (isDue()) {
        writeLine(trial.methodText + "  " + trial.tensor);
    }
}

void RunProgress::trialProgress(const Trial& trial, double fraction, std::string_view phase) {
    if (m_style == ProgressStyle::None) return;
    const std::lock_guard lock(m_mutex);
    m_fractions[trial.id] = fraction;
    if (!isDue()) return;
    if (m_style == ProgressStyle::JsonLines) {
        writeJson("progress", trial, Json{{"fraction", fraction}, {"phase", phase}});
    } else {
        writeLine(trial.methodText + "  " + trial.tensor + ": " + std::string(phase));
    }
}

void RunProgress::trialFinished(const Trial& trial, const TrialRecord& record, bool recorded) {
    if (m_style == ProgressStyle::None) return;
    const std::lock_guard lock(m_mutex);
    ++m_finished;
    m_fractions.erase(trial.id);
    (recorded ? m_recordedWork : m_finishedWork) += m_work.at(trial.id);
    if (m_style == ProgressStyle::JsonLines) {
        Json more{{"recorded", recorded}};
        if (record.failed()) more["error"] = record.error;
        writeJson("finished", trial, more);
    } else if (isDue()) {
        writeLine(trial.methodText + "  " + trial.tensor);
    }
}

}  // namespace quantscope
