// SPDX-License-Identifier: GPL-3.0-or-later
// Draws every plot in the states that matter, for people to look at: plot_gallery FOLDER.
// QT_SCALE_FACTOR=2 shows the 200 % scale.
#include <QApplication>
#include <QDir>
#include <functional>
#include <utility>
#include <vector>

#include "app/plots/budget_plot.h"
#include "app/plots/error_map_plot.h"
#include "app/plots/export_figure_dialog.h"
#include "app/plots/figure_export.h"
#include "app/plots/gain_plot.h"
#include "app/plots/levels_plot.h"
#include "app/plots/perplexity_plot.h"
#include "app/plots/plan_plot.h"
#include "app/plots/rate_bars_plot.h"
#include "app/plots/sensitivity_plot.h"
#include "app/plots/shares_plot.h"
#include "app/plots/trade_off_plot.h"
#include "app/plots/training_plot.h"
#include "app/plots/utilization_plot.h"
#include "plot_samples.h"

namespace quantscope {

namespace {

template <typename Plot, typename Data>
std::unique_ptr<PlotWidget> made(Data data) {
    auto plot = std::make_unique<Plot>();
    plot->setData(std::move(data));
    return plot;
}

std::unique_ptr<PlotWidget> staleLevels() {
    auto plot = std::make_unique<LevelsPlot>();
    LevelsData data = samples::levels(4);
    data.note = QStringLiteral("sample of 4,096 rows");
    plot->setData(std::move(data));
    plot->setStale(true);
    return plot;
}

std::unique_ptr<PlotWidget> logLevels() {
    auto plot = std::make_unique<LevelsPlot>();
    plot->setData(samples::levels(8));
    plot->setLogDensity(true);
    return plot;
}

std::unique_ptr<PlotWidget> selectedTradeOff() {
    auto plot = made<TradeOffPlot>(samples::tradeOff());
    plot->setSelection({QStringLiteral("t3"), QStringLiteral("t28")});
    plot->setHoveredTrial(QStringLiteral("t10"));
    return plot;
}

TradeOffData extremes() {
    return samples::plainTradeOff({1e30, 1e-3, 0.0, std::numeric_limits<double>::infinity(), 1e-30},
                                  samples::nmse());
}

using Maker = std::function<std::unique_ptr<PlotWidget>()>;

std::vector<std::pair<QString, Maker>> gallery() {
    return {
        {"tradeoff-nmse", [] { return made<TradeOffPlot>(samples::tradeOff()); }},
        {"tradeoff-sqnr", [] { return made<TradeOffPlot>(samples::tradeOff(true)); }},
        {"tradeoff-tensors", [] { return made<TradeOffPlot>(samples::tradeOffOfTensors()); }},
        {"tradeoff-selected", selectedTradeOff},
        {"tradeoff-crowded", [] { return made<TradeOffPlot>(samples::crowdedTradeOff(200'000)); }},
        {"tradeoff-one",
         [] { return made<TradeOffPlot>(samples::plainTradeOff({0.01}, samples::nmse())); }},
        {"tradeoff-extreme", [] { return made<TradeOffPlot>(extremes()); }},
        {"tradeoff-empty", [] { return std::make_unique<TradeOffPlot>(); }},
        {"utilization-1",
         [] { return made<UtilizationPlot>(samples::utilization(1, 16, 0, 0.8)); }},
        {"utilization-4",
         [] { return made<UtilizationPlot>(samples::utilization(4, 256, 12, 0.6)); }},
        {"utilization-log",
         [] { return made<UtilizationPlot>(samples::utilization(4, 256, 12, 2.5)); }},
        {"utilization-many",
         [] { return made<UtilizationPlot>(samples::utilization(16, 64, 1, 0.8)); }},
        {"training-1", [] { return made<TrainingPlot>(samples::training(1, 20)); }},
        {"training-4", [] { return made<TrainingPlot>(samples::training(4, 25)); }},
        {"training-many", [] { return made<TrainingPlot>(samples::training(16, 25)); }},
        {"training-empty", [] { return std::make_unique<TrainingPlot>(); }},
        {"shares", [] { return made<SharesPlot>(samples::shares(8, true)); }},
        {"shares-many", [] { return made<SharesPlot>(samples::shares(64, true)); }},
        {"shares-empty", [] { return std::make_unique<SharesPlot>(); }},
        {"plan", [] { return made<PlanPlot>(samples::plan(24)); }},
        {"plan-empty", [] { return std::make_unique<PlanPlot>(); }},
        {"budget", [] { return made<BudgetPlot>(samples::budgetCurve()); }},
        {"perplexity", [] { return made<PerplexityPlot>(samples::perplexity()); }},
        {"sensitivity", [] { return made<SensitivityPlot>(samples::sensitivity(12)); }},
        {"gain", [] { return made<GainPlot>(samples::gains()); }},
        {"utilization-empty", [] { return std::make_unique<UtilizationPlot>(); }},
        {"bars-few", [] { return made<RateBarsPlot>(samples::rateBars(6, false)); }},
        {"bars-long", [] { return made<RateBarsPlot>(samples::rateBars(12, true)); }},
        {"bars-many", [] { return made<RateBarsPlot>(samples::rateBars(200, true)); }},
        {"bars-one", [] { return made<RateBarsPlot>(samples::rateBars(1, false)); }},
        {"bars-empty", [] { return std::make_unique<RateBarsPlot>(); }},
        {"levels-2", [] { return made<LevelsPlot>(samples::levels(2)); }},
        {"levels-4", [] { return made<LevelsPlot>(samples::levels(4)); }},
        {"levels-8", [] { return made<LevelsPlot>(samples::levels(8)); }},
        {"levels-log", logLevels},
        {"levels-stale", staleLevels},
        {"levels-empty", [] { return std::make_unique<LevelsPlot>(); }},
        {"errormap", [] { return made<ErrorMapPlot>(samples::errorMap(64, 96, false)); }},
        {"errormap-spike", [] { return made<ErrorMapPlot>(samples::errorMap(64, 96, true)); }},
        {"errormap-one", [] { return made<ErrorMapPlot>(samples::errorMap(1, 1, false)); }},
        {"errormap-empty", [] { return std::make_unique<ErrorMapPlot>(); }},
    };
}

QPalette darkPalette() {
    QPalette palette(QColor(0x2b, 0x2d, 0x31));
    palette.setColor(QPalette::Base, QColor(0x1e, 0x1f, 0x22));
    palette.setColor(QPalette::Text, QColor(0xdf, 0xe1, 0xe5));
    palette.setColor(QPalette::WindowText, QColor(0xdf, 0xe1, 0xe5));
    palette.setColor(QPalette::Highlight, QColor(0x4c, 0x9a, 0xff));
    return palette;
}

void waitForBackground() {
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < 250)
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
}

void drawWindow(PlotWidget& plot, const QString& path, const QSize& size) {
    plot.resize(size);
    plot.show();
    waitForBackground();
    plot.grab().save(path);
}

}  // namespace

}  // namespace quantscope

int main(int argc, char** argv) {
    using namespace quantscope;
    QApplication app(argc, argv);
    if (argc != 2) {
        qCritical("Usage: plot_gallery FOLDER");
        return 2;
    }
    const QDir folder(QString::fromLocal8Bit(argv[1]));
    folder.mkpath(QStringLiteral("."));
    const QPalette light = app.palette();
    for (const bool dark : {false, true}) {
        QApplication::setPalette(dark ? darkPalette() : light);
        for (const auto& [name, make] : gallery()) {
            const QString suffix = dark ? QStringLiteral("-dark") : QStringLiteral("-light");
            drawWindow(*make(), folder.filePath(name + suffix + QStringLiteral(".png")),
                       {640, 420});
        }
    }
    QApplication::setPalette(light);
    for (const auto& [name, make] : gallery()) {
        const auto plot = make();
        if (plot->isEmpty()) continue;
        FigureOptions options;
        for (const char* format : {"svg", "pdf", "png"}) {
            exportFigure(*plot, folder.filePath(name + QStringLiteral("-figure.") + format),
                         options);
        }
    }
    ExportFigureDialog dialog(*gallery().front().second());
    dialog.show();
    waitForBackground();
    dialog.grab().save(folder.filePath(QStringLiteral("dialog.png")));
    return 0;
}
