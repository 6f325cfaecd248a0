// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/job.h"

#include <algorithm>
#include <thread>

namespace quantscope {

namespace {

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace

int jobThreads() {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    return std::max(1, cores - 1);
}

JobContext::JobContext(std::stop_token stop, std::function<void(std::function<void()>)> post)
    : m_stop(std::move(stop)), m_post(std::move(post)) {}

void JobContext::progress(double fraction, std::string_view phase) {
    const std::lock_guard lock(m_mutex);
    m_progress.fraction = std::clamp(fraction, 0.0, 1.0);
    if (!phase.empty()) m_progress.phase = fromView(phase);
}

void JobContext::setPartCount(int total) {
    const std::lock_guard lock(m_mutex);
    m_progress.partsTotal = total;
}

void JobContext::partProgress(const std::string& id, const QString& label, double fraction,
                              std::string_view phase) {
    const std::lock_guard lock(m_mutex);
    auto part = std::ranges::find(m_progress.running, id, &JobPart::id);
    if (part == m_progress.running.end()) {
        m_progress.running.push_back({id, label, 0.0, {}});
        part = std::prev(m_progress.running.end());
    }
    part->fraction = std::clamp(fraction, 0.0, 1.0);
    part->phase = fromView(phase);
}

void JobContext::partFinished(const std::string& id, bool failed) {
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_progress.running, [&](const JobPart& part) { return part.id == id; });
    ++m_progress.partsDone;
    m_progress.partsFailed += failed ? 1 : 0;
}

void JobContext::deliver(std::function<void()> work) {
    m_post(std::move(work));
}

JobProgress JobContext::snapshot() const {
    const std::lock_guard lock(m_mutex);
    JobProgress progress = m_progress;
    if (progress.partsTotal > 0) {
        double done = progress.partsDone;
        for (const JobPart& part : progress.running)
            done += part.fraction;
        progress.fraction = std::min(1.0, done / progress.partsTotal);
    }
    return progress;
}

}  // namespace quantscope
