// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/screenshot.h"

#include <QPixmap>
#include <vector>

#include "app/gui/main_window.h"
#include "app/jobs/workbench.h"

namespace quantscope {

namespace {
// Plots and statistics follow what is on show within a few turns of the event loop; when nothing
// has happened for this long, everything is drawn.
constexpr int settleMs = 700;
}  // namespace

Screenshot::Screenshot(MainWindow& window, const QString& path)
    : QObject(&window), m_window(window), m_path(path) {
    m_settled.setSingleShot(true);
    m_settled.setInterval(settleMs);
    connect(&m_settled, &QTimer::timeout, this, &Screenshot::follow);
    Workbench& bench = window.bench();
    const auto restart = [this] { m_settled.start(); };
    connect(&bench.jobs, &JobQueue::activeCountChanged, this, restart);
    connect(&bench.jobs, &JobQueue::jobChanged, this, restart);
    connect(&bench.plan, &PlanPreview::changed, this, restart);
    connect(&bench.plots, &PlotFeed::tradeOffChanged, this, restart);
    connect(&bench.plots, &PlotFeed::levelsChanged, this, restart);
    connect(&bench.preview, &LivePreview::ready, this, restart);
    connect(&bench.tensors, &QAbstractItemModel::dataChanged, this, restart);
}

void Screenshot::start(const QString& file) {
    m_file = file;
    if (!file.isEmpty()) m_window.open(file);
    m_settled.start();
}

void Screenshot::follow() {
    Workbench& bench = m_window.bench();
    if (bench.jobs.activeCount() > 0 || bench.plan.isStale() || bench.preview.isBusy()) {
        m_settled.start();
        return;
    }
    if (!m_ran) {
        m_ran = true;
        if (bench.plan.summary().trials > 0 && bench.results.count() == 0) {
            bench.run.start();
            m_settled.start();
            return;
        }
    }
    if (!m_selected) {
        m_selected = true;
        selectPoint();
        m_settled.start();
        return;
    }
    take();
}

void Screenshot::selectPoint() {
    Workbench& bench = m_window.bench();
    std::vector<const TradeOffPoint*> front;
    for (const TradeOffPoint& point : bench.plots.tradeOff().points) {
        if (point.onFront) front.push_back(&point);
    }
    if (front.empty()) return;
    // As a click on the point does it.
    const TradeOffPoint& point = *front[front.size() / 2];
    bench.selection.selectTrials({point.members.begin(), point.members.end()}, point.trialId);
}

void Screenshot::take() {
    const bool written = m_window.grab().save(m_path, "PNG");
    const Workbench& bench = m_window.bench();
    const bool opened = m_file.isEmpty() || bench.results.count() > 0 ||
                        bench.data.state() == DataLoader::State::Open;
    Q_EMIT done(!written  ? QStringLiteral("The picture cannot be written to '%1'.").arg(m_path)
                : !opened ? QStringLiteral("'%1' was not opened; the picture says why.").arg(m_file)
                          : QString());
}

}  // namespace quantscope
