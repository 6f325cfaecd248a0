// SPDX-License-Identifier: GPL-3.0-or-later
// How long the window takes from a changed parameter to a preview that is painted: every method of
// every plugin, at its defaults, on a tensor of the bundled model. Run from the root; see
// tests/bench/RESULTS.md.
#include <QApplication>
#include <QElapsedTimer>
#include <algorithm>
#include <cstdio>

#include "app/gui/explore_view.h"
#include "app/plots/levels_plot.h"
#include "core/base/error.h"
#include "tests/bench/cpu_time.h"
#include "window_fixture.h"

namespace quantscope {

namespace {

constexpr int rounds = 9;

// A parameter with a second value that the method accepts, the bits before all others.
struct Knob {
    std::string id;
    Json other;
};

std::optional<Knob> knobOf(const Method& method) {
    std::vector<ParameterSpec> parameters = method.parameters();
    std::ranges::stable_sort(parameters, {}, [](const ParameterSpec& p) { return p.id != "bits"; });
    for (const ParameterSpec& parameter : parameters) {
        if (!parameter.enabledIf.empty()) continue;
        if (parameter.type == ParameterType::Choice) {
            for (const ParameterChoice& choice : parameter.choices) {
                if (Json(choice.value) != parameter.defaultValue)
                    return Knob{parameter.id, choice.value};
            }
        }
        if (parameter.type == ParameterType::Integer) {
            const auto value = parameter.defaultValue.get<int>();
            return Knob{parameter.id,
                        value > parameter.minimum.value_or(1) ? value - 1 : value + 1};
        }
    }
    return std::nullopt;
}

struct Times {
    std::vector<double> wallMs;
    std::vector<double> cpuMs;
    Index sampleRows = 0;
    Index totalRows = 0;
    QString refusal;
};

// From the edit to the end of the turn of the event loop that painted the answer.
void timeOnce(WindowFixture& fixture, const Knob& knob, const Json& value, Times& times) {
    bool shown = false;
    const auto connection =
        QObject::connect(&fixture.bench->preview, &LivePreview::ready, fixture.window.get(),
                         [&](const PreviewResult& result) {
                             shown = true;
                             times.sampleRows = result.sampleRows;
                             times.totalRows = result.totalRows;
                             times.refusal = result.refusal;
                         });
    const double cpu = bench::cpuSeconds();
    QElapsedTimer wall;
    wall.start();
    fixture.bench->methods.setParameterValue(0, QString::fromStdString(knob.id), value);
    while (!shown && wall.elapsed() < patienceMs)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 10);
    QCoreApplication::processEvents();
    times.wallMs.push_back(static_cast<double>(wall.nsecsElapsed()) * 1e-6);
    times.cpuMs.push_back(1e3 * (bench::cpuSeconds() - cpu));
    QObject::disconnect(connection);
}

double median(std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
    return values[values.size() / 2];
}

void measure(WindowFixture& fixture, const Method& method) {
    const std::optional<Knob> knob = knobOf(method);
    if (!knob) return;
    while (fixture.bench->methods.rowCount() > 0)
        fixture.bench->methods.removeMethod(0);
    fixture.bench->methods.addMethod(QString::fromStdString(method.id()));
    QTest::qWait(200);
    if (!QTest::qWaitFor([&] { return !fixture.bench->preview.isBusy(); }, patienceMs)) return;
    const Json standard =
        fixture.bench->registry.resolve({method.id(), Json::object()}).parameters[knob->id];
    Times times;
    for (int round = 0; round < rounds; ++round) {
        timeOnce(fixture, *knob, round % 2 == 0 ? knob->other : standard, times);
        QTest::qWait(100);
    }
    std::printf("%-10s %-12s %6.0f %6.0f   %lld of %lld rows  %s\n", method.id().c_str(),
                knob->id.c_str(), median(times.wallMs), median(times.cpuMs),
                static_cast<long long>(times.sampleRows), static_cast<long long>(times.totalRows),
                qPrintable(times.refusal));
    std::fflush(stdout);
}

}  // namespace

}  // namespace quantscope

int main(int argc, char** argv) {
    using namespace quantscope;
    QApplication app(argc, argv);
    const QStringList arguments = QApplication::arguments();
    WindowFixture fixture;
    if (!fixture.openSample(QStringLiteral("stories260k.h5"))) return 1;
    ExperimentSpec spec = fixture.bench->document.spec();
    spec.hessians = QUANTSCOPE_DATASETS_DIR "/stories260k-calibration.h5";
    fixture.bench->document.edit(QStringLiteral("use Hessians"), spec);
    fixture.bench->selection.setCurrentTensor(
        arguments.value(1, QStringLiteral("model.layers.0.mlp.gate_proj.weight")));
    std::printf("%-10s %-12s %6s %6s   sample\n", "method", "moved", "ms", "cpu ms");
    for (const auto& method : fixture.bench->registry.methods())
        measure(fixture, *method);
    return 0;
}
