// SPDX-License-Identifier: GPL-3.0-or-later
// Time of trials from trials that ran.
#include <QtTest>

#include "core/run/run_pace.h"

using namespace quantscope;

namespace {

Trial trial(const std::string& method, double multiplyAdds) {
    Trial trial;
    trial.method = MethodSpec::fromJson(method);
    trial.rows = 8;
    trial.cols = 8;
    trial.preflight.multiplyAdds = multiplyAdds;
    return trial;
}

TrialRecord took(double seconds) {
    TrialRecord record;
    record.seconds.train = 0.25 * seconds;
    record.seconds.encode = 0.5 * seconds;
    record.seconds.decode = 0.25 * seconds;
    return record;
}

// So much that what comes to every trial does not matter.
constexpr double work = 1e12;

}  // namespace

class TestRunPace : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Two trials side by side, each busy for 6 s, were done after 6 s.
    void theSameTrialsTakeAsLongAgain() {
        const Trial first = trial("rvq", work);
        const Trial second = trial("pq", work);
        const RunPace pace = RunPace::measured({&first, &second}, {took(6.0), took(6.0)}, 6.0);
        QCOMPARE(*pace.seconds({&first, &second}), 6.0);
        QCOMPARE(*pace.seconds({&first}), 3.0);
        QCOMPARE(*pace.seconds({}), 0.0);
    }

    void timeGrowsWithTheWork() {
        const Trial small = trial("rvq:bits=4", work);
        const Trial large = trial("rvq:bits=8", 5.0 * work);
        const RunPace pace = RunPace::measured({&small}, {took(2.0)}, 2.0);
        QVERIFY(std::abs(*pace.seconds({&large}) - 10.0) < 0.01);
    }

    void slowerKindsKeepTheirShare() {
        const Trial slow = trial("trellis", work);
        const Trial fast = trial("scalar", work);
        const RunPace pace = RunPace::measured({&slow, &fast}, {took(9.0), took(1.0)}, 5.0);
        QVERIFY(std::abs(*pace.seconds({&slow}) - 4.5) < 0.01);
        QVERIFY(std::abs(*pace.seconds({&fast}) - 0.5) < 0.01);
    }

    // Rounding with feedback costs what the grid below it costs.
    void methodsOverOthersAreKindsOfTheirOwn() {
        const Trial known = trial("gptq:base=e8", work);
        const Trial other = trial("gptq:base=(scalar:bits=3)", work);
        const RunPace pace = RunPace::measured({&known}, {took(1.0)}, 1.0);
        QVERIFY(pace.seconds({&known}));
        QVERIFY(!pace.seconds({&other}));
        QVERIFY(!pace.seconds({&known, &other}));
    }

    void theNewestMeasurementCounts() {
        const Trial one = trial("pq", work);
        const Trial two = trial("rvq", work);
        RunPace pace = RunPace::measured({&one, &two}, {took(1.0), took(1.0)}, 2.0);
        pace.update(RunPace::measured({&one}, {took(4.0)}, 4.0));
        QCOMPARE(*pace.seconds({&one}), 4.0);
        QCOMPARE(*pace.seconds({&two}), 1.0);
        const RunPace again = RunPace::fromJson(pace.toJson());
        QCOMPARE(*again.seconds({&one, &two}), 5.0);
    }

    void damagedSettingsAreForgotten_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("not JSON") << "{";
        QTest::newRow("a list") << "[1]";
        QTest::newRow("a text") << R"({"pq": "fast"})";
        QTest::newRow("negative") << R"({"pq": -1})";
        QTest::newRow("infinite") << R"({"pq": 1e999})";
    }
    void damagedSettingsAreForgotten() {
        QFETCH(QString, text);
        const RunPace pace = RunPace::fromJson(Json::parse(text.toStdString(), nullptr, false));
        const Trial one = trial("pq", work);
        QVERIFY(!pace.seconds({&one}));
    }

    void withoutMeasurementOnlyTheMagnitudeIsSaid() {
        const Trial small = trial("pq", 1e6);
        const Trial large = trial("pq", 1e18);
        QCOMPARE(roughDuration({&small}), std::string_view("seconds"));
        QCOMPARE(roughDuration({&large}), std::string_view("hours"));
    }
};

QTEST_GUILESS_MAIN(TestRunPace)
#include "tst_run_pace.moc"
