// SPDX-License-Identifier: GPL-3.0-or-later
#include <ctime>
#include <mutex>
#include <set>
#include <thread>

#include "tests/plugins/conformance/trials.h"

using namespace quantscope;
using test::gaussian;
using test::registry;

namespace {

/// Seconds of processor time that this process has used: unlike the time on the wall, it does not
/// depend on what else the machine does.
double processorSeconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Stopped {
    bool cancelled = false;
    double secondsAfter = 0.0;  ///< Processor time from the request to the end.
};

/// Quantizes on one thread and asks it to stop when it has worked for `after` seconds.
Stopped stopAfter(double after, const MethodSpec& spec, const TensorSource& weights) {
    std::stop_source stop;
    std::atomic<double> asked{0.0};
    std::atomic<bool> ended{false};
    const double start = processorSeconds();
    std::jthread canceller([&] {
        while (!ended && processorSeconds() - start < after)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        asked = processorSeconds();
        stop.request_stop();
    });
    Stopped result;
    try {
        Arena(1).execute(
            [&] { test::encode(spec, weights, RunContext(test::trialSeed, stop.get_token())); });
    } catch (const Cancelled&) {
        result.cancelled = true;
    }
    ended = true;
    canceller.join();
    result.secondsAfter = processorSeconds() - asked;
    return result;
}

/// Large tensors whose work is hard to cut: many rows, one row, one column, wide rows.
const std::vector<Matrix>& largeTensors() {
    static const std::vector<Matrix> tensors = [] {
        std::vector<Matrix> made;
        for (const auto& [rows, cols] :
             {std::pair<Index, Index>{80000, 24}, {1, 3000000}, {3000000, 1}, {300, 9000}}) {
            made.push_back(gaussian(rows, cols));
        }
        return made;
    }();
    return tensors;
}

/// The settings that can be told to stop on a tensor: all at the first tensor, later on the
/// defaults alone.
std::vector<MethodSpec> stoppable(const Method& method, std::size_t tensor) {
    const Matrix& weights = largeTensors()[tensor];
    const test::Occasion any{weights.rows(), weights.cols(), 1e15};
    if (tensor == 0) return test::plainVariants(method, any);
    const MethodSpec defaults = registry().resolve({method.id()});
    if (!test::isAccepted(defaults, any)) return {};
    return {defaults};
}

}  // namespace

/// Work as those who wait for it see it: it can be stopped, and it tells how far it is.
class TestConformanceRunning : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stopsAtOnce_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<int>("tensor");
        for (const auto& method : registry().methods()) {
            for (std::size_t tensor = 0; tensor < largeTensors().size(); ++tensor) {
                for (const MethodSpec& spec : stoppable(*method, tensor)) {
                    const Matrix& weights = largeTensors()[tensor];
                    const std::string label = test::withoutDefaults(spec).toText() + " on " +
                                              std::to_string(weights.rows()) + " x " +
                                              std::to_string(weights.cols());
                    QTest::newRow(label.c_str())
                        << QString::fromStdString(spec.toJson().dump()) << static_cast<int>(tensor);
                }
            }
        }
    }
    void stopsAtOnce() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
        QFETCH(int, tensor);
        constexpr double limit = 0.2;
        constexpr int tries = 3;
        const MethodSpec spec = test::currentMethod();
        const Matrix& weights = largeTensors()[static_cast<std::size_t>(tensor)];
        const test::BlockSource blocks(weights.view());
        const ViewSource inMemory(weights.view());
        int number = 0;
        for (const double moment : {0.0, 0.015, 0.06, 0.12}) {
            const TensorSource& source =
                ++number % 2 == 0 ? static_cast<const TensorSource&>(blocks) : inMemory;
            double best = std::numeric_limits<double>::infinity();
            // What the machine does besides can only make it longer, so the best try counts.
            for (int i = 0; i < tries && best > limit; ++i) {
                const Stopped stopped = stopAfter(moment, spec, source);
                if (!stopped.cancelled) return;  // It had ended before.
                best = std::min(best, stopped.secondsAfter);
            }
            QVERIFY2(best <= limit,
                     qPrintable(QStringLiteral("%1 s after %2 s").arg(best).arg(moment)));
        }
    }

    void stopsBeforeItBegins_data() { test::addPlainRows(); }
    void stopsBeforeItBegins() {
        const Matrix weights = gaussian(301, 24);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_EXCEPTION_THROWN(test::encode(test::currentMethod(), ViewSource(weights.view()),
                                              RunContext(1, stop.get_token())),
                                 Cancelled);
    }

    void progressRises_data() { test::addSomeRows(test::severalBlocks); }
    void progressRises() {
        const Matrix weights = gaussian(test::severalBlocks.rows, test::severalBlocks.cols);
        for (const int threads : {1, 8}) {
            std::mutex mutex;
            std::vector<double> fractions;
            std::set<std::string> phases;
            const RunContext context(test::trialSeed, {}, [&](double fraction, std::string_view p) {
                const std::lock_guard lock(mutex);
                fractions.push_back(fraction);
                phases.emplace(p);
            });
            Arena(threads).execute(
                [&] { test::encode(test::currentMethod(), ViewSource(weights.view()), context); });
            QVERIFY(!fractions.empty());
            QVERIFY(std::ranges::is_sorted(fractions));
            QVERIFY2(fractions.front() >= 0.0, std::to_string(fractions.front()).c_str());
            QVERIFY2(std::abs(fractions.back() - 1.0) < 1e-9,
                     std::to_string(fractions.back()).c_str());
            QVERIFY(!phases.contains(""));
        }
    }
};

QTEST_GUILESS_MAIN(TestConformanceRunning)
#include "tst_conformance_running.moc"
