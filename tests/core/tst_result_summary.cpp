// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <limits>

#include "core/store/result_summary.h"

using namespace quantscope;

namespace {

struct Measured {
    const char* tensor;
    const char* method;
    Index weights;
    std::uint64_t bits;
    double error;   ///< |W - Q|^2
    double energy;  ///< |W|^2
};

TrialRecord record(const Measured& measured) {
    TrialRecord made;
    made.trialId = std::string(measured.tensor) + measured.method;
    made.tensor = measured.tensor;
    made.methodText = measured.method;
    made.rows = 1;
    made.cols = measured.weights;
    made.rate[RatePart::Codes] = measured.bits;
    made.metrics.mse = measured.error / static_cast<double>(measured.weights);
    made.metrics.nmse = measured.energy > 0.0  ? measured.error / measured.energy
                        : measured.error > 0.0 ? std::numeric_limits<double>::infinity()
                                               : 0.0;
    made.metrics.weightEnergy = measured.energy;
    made.seconds = {1.0, 0.5, 0.25};
    return made;
}

RunInfo file() {
    RunInfo run;
    run.tensors = {{"a", 100, 32}, {"b", 300, 32}, {"norm", 50, 16}};
    return run;
}

TrialMetrics metricsOf(const std::vector<TrialRecord>& records) {
    return summarizeMethods(records, file()).at(0).summary.metrics;
}

}  // namespace

class TestResultSummary : public QObject {
    Q_OBJECT

private slots:
    void addsUpTensors();
    void countsFailuresAndLeavesThemOut();
    void countsDataWithTwoNamesOnce();
    void combinesWhatWasMeasured();
    void treatsZeroTensorsExactly();
    void sortsByPlan();
};

void TestResultSummary::addsUpTensors() {
    const std::vector<TrialRecord> records = {
        record({"a", "m", 100, 400, 2.0, 10.0}), record({"a", "n", 100, 200, 5.0, 10.0}),
        record({"b", "m", 300, 2400, 1.0, 90.0}), record({"b", "n", 300, 600, 15.0, 90.0})};
    const std::vector<MethodInFile> methods = summarizeMethods(records, file());
    QCOMPARE(methods.size(), std::size_t{2});
    const MethodSummary& m = methods[0].summary;
    QCOMPARE(m.methodText, std::string("m"));
    QCOMPARE(m.tensors, std::size_t{2});
    QCOMPARE(m.weights, Index{400});
    QCOMPARE(m.bitsPerWeight, 2800.0 / 400.0);
    QCOMPARE(m.metrics.nmse.value(), 3.0 / 100.0);
    QCOMPARE(m.metrics.sqnrDb.value(), -10.0 * std::log10(0.03));
    QCOMPARE(m.seconds.train, 2.0);
    // The norm stays at 16 bits.
    QCOMPARE(methods[0].fileBitsPerWeight, (2800.0 + 50 * 16) / 450.0);
    QVERIFY(!m.metrics.hessianError);
    QCOMPARE(methods[1].summary.metrics.nmse.value(), 20.0 / 100.0);
    QCOMPARE(methods[1].summary.bitsPerWeight, 2.0);
}

void TestResultSummary::countsFailuresAndLeavesThemOut() {
    TrialRecord failed = record({"b", "m", 300, 0, 0.0, 0.0});
    failed.error = "No.";
    const std::vector<TrialRecord> records = {record({"a", "m", 100, 400, 2.0, 10.0}), failed};
    const auto [summary, fileBitsPerWeight] = summarizeMethods(records, file()).at(0);
    QCOMPARE(summary.tensors, std::size_t{1});
    QCOMPARE(summary.failed, std::size_t{1});
    QCOMPARE(summary.weights, Index{100});
    QCOMPARE(fileBitsPerWeight, (400.0 + 300 * 32 + 50 * 16) / 450.0);
}

// A second name of "b" is neither stored nor coded a second time.
void TestResultSummary::countsDataWithTwoNamesOnce() {
    RunInfo run = file();
    run.tensors.push_back({"alias", 300, 32, "b"});
    const std::vector<TrialRecord> both = {record({"a", "m", 100, 400, 2.0, 10.0}),
                                           record({"b", "m", 300, 2400, 1.0, 90.0}),
                                           record({"alias", "m", 300, 2400, 1.0, 90.0})};
    QCOMPARE(summarizeMethods(both, run).at(0).fileBitsPerWeight, (2800.0 + 50 * 16) / 450.0);
    const std::vector<TrialRecord> one = {record({"alias", "m", 300, 2400, 1.0, 90.0})};
    QCOMPARE(summarizeMethods(one, run).at(0).fileBitsPerWeight,
             (2400.0 + 100 * 32 + 50 * 16) / 450.0);
}

void TestResultSummary::combinesWhatWasMeasured() {
    TrialRecord first = record({"a", "m", 100, 400, 2.0, 10.0});
    first.metrics.hessianError = 0.5;
    first.metrics.hessianEnergy = 4.0;
    TrialRecord second = record({"b", "m", 300, 400, 2.0, 10.0});
    second.metrics.hessianError = 0.1;
    second.metrics.hessianEnergy = 36.0;
    TrialRecord third = record({"norm", "m", 50, 400, 2.0, 10.0});
    third.metrics.nmse.reset();
    third.metrics.mse.reset();
    const TrialMetrics metrics = metricsOf({first, second, third});
    QCOMPARE(metrics.hessianError.value(), (0.5 * 4.0 + 0.1 * 36.0) / 40.0);
    QCOMPARE(metrics.nmse.value(), 4.0 / 20.0);
    QCOMPARE(metrics.mse.value(), 4.0 / 400.0);
    QVERIFY(!metricsOf({third}).nmse);
    first.metrics.weightEnergy.reset();
    QVERIFY(!metricsOf({first}).nmse);
}

void TestResultSummary::treatsZeroTensorsExactly() {
    const TrialRecord kept = record({"a", "m", 100, 400, 0.0, 0.0});
    const TrialRecord spoilt = record({"b", "m", 300, 400, 6.0, 0.0});
    const TrialRecord usual = record({"norm", "m", 50, 400, 2.0, 10.0});
    QCOMPARE(metricsOf({kept}).nmse.value(), 0.0);
    QVERIFY(std::isinf(metricsOf({spoilt}).nmse.value()));
    QCOMPARE(metricsOf({kept, spoilt, usual}).nmse.value(), 8.0 / 10.0);
}

void TestResultSummary::sortsByPlan() {
    RunInfo run = file();
    run.trials = {"am", "bm", "an"};
    const std::vector<TrialRecord> sorted =
        inPlanOrder({record({"x", "?", 1, 1, 1.0, 1.0}), record({"a", "n", 1, 1, 1.0, 1.0}),
                     record({"b", "m", 1, 1, 1.0, 1.0}), record({"a", "m", 1, 1, 1.0, 1.0})},
                    run);
    QStringList ids;
    for (const TrialRecord& one : sorted)
        ids << QString::fromStdString(one.trialId);
    QCOMPARE(ids, (QStringList{"am", "bm", "an", "x?"}));
}

QTEST_APPLESS_MAIN(TestResultSummary)
#include "tst_result_summary.moc"
