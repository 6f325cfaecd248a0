// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "app/models/plot_data.h"
#include "core/base/natural_order.h"

namespace quantscope {

/// Where the engine's threads leave what the training of running trials minimizes, until the window
/// takes it: of one trial at a time, and of that one until it ends.
class TrainingInbox {
public:
    /// A trial starts, perhaps again: what it told before is forgotten.
    void begin(const std::string& trial) {
        const std::lock_guard lock(m_mutex);
        m_running.erase(trial);
    }

    void add(const std::string& trial, const QString& title, const std::string& series,
             double value) {
        const std::lock_guard lock(m_mutex);
        Running& running = m_running[trial];
        running.title = title;
        running.curves[series].push_back(value);
        if (m_shown.empty()) m_shown = trial;
        m_changed = m_changed || m_shown == trial;
    }

    void end(const std::string& trial) {
        const std::lock_guard lock(m_mutex);
        if (m_running.erase(trial) == 0 || m_shown != trial) return;
        m_shown = m_running.empty() ? std::string() : m_running.begin()->first;
        m_changed = true;
    }

    /// The curves of the trial on show, when they have changed since the last call; without curves
    /// when nothing trains any more.
    std::optional<TrainingData> takeChanged() {
        const std::lock_guard lock(m_mutex);
        if (!m_changed) return std::nullopt;
        m_changed = false;
        TrainingData data;
        const auto running = m_running.find(m_shown);
        if (running == m_running.end()) return data;
        data.title = running->second.title;
        for (const auto& [name, values] : running->second.curves)
            data.series.push_back({QString::fromStdString(name), values});
        return data;
    }

private:
    struct ByNaturalOrder {
        bool operator()(const std::string& a, const std::string& b) const {
            return naturalLess(a, b);
        }
    };
    struct Running {
        QString title;
        std::map<std::string, std::vector<double>, ByNaturalOrder> curves;
    };

    std::mutex m_mutex;
    std::map<std::string, Running> m_running;
    std::string m_shown;
    bool m_changed = false;
};

}  // namespace quantscope
