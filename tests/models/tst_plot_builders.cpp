// SPDX-License-Identifier: GPL-3.0-or-later
// Plot data from records whose figures are known.
#include <QtTest>

#include <array>
#include <cmath>

#include "app/models/distinct_names.h"
#include "app/models/plot_builders.h"
#include "app/models/trade_off_builder.h"

using namespace quantscope;

namespace {

TrialRecord record(const std::string& tensor, const std::string& method, Index weights,
                   std::uint64_t codeBits, std::uint64_t scaleBits) {
    TrialRecord trial;
    trial.trialId = method + "@" + tensor;
    trial.tensor = tensor;
    trial.methodText = method;
    trial.method.id = method;
    trial.rows = 1;
    trial.cols = weights;
    trial.rate[RatePart::Codes] = codeBits;
    trial.rate[RatePart::Scales] = scaleBits;
    return trial;
}

TrialRecord failed(const std::string& tensor, const std::string& method) {
    TrialRecord trial = record(tensor, method, 10, 0, 0);
    trial.error = "no";
    return trial;
}

/// The point of the one method in `records` over all tensors.
TradeOffPoint onlyTotal(const std::vector<TrialRecord>& records, const QString& metric) {
    const TradeOffData data = buildTradeOff(recordList(records), {metric, {}, true});
    return data.points.size() == 1 ? data.points.front() : TradeOffPoint();
}

}  // namespace

class TestPlotBuilders : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // A point of lower rate is always nearer to the bound here; nevertheless both are on the front,
    // and the third, with the rate of the second and more error, is not.
    void frontsOfDistancesToTheBoundAreThoseOfErrors_data() {
        QTest::addColumn<QString>("metric");
        for (const char* id : {"sqnr_db", "gaussian_gap_db", "shannon_percent"})
            QTest::newRow(id) << QString::fromLatin1(id);
    }
    void frontsOfDistancesToTheBoundAreThoseOfErrors() {
        QFETCH(QString, metric);
        std::vector<TrialRecord> trials = {record("a", "one", 10, 10, 0),
                                           record("a", "two", 10, 40, 0),
                                           record("a", "three", 10, 40, 0)};
        const std::array<double, 3> gaps{1.0, 4.0, 6.0};
        for (std::size_t i = 0; i < 3; ++i) {
            const double bound = 20.0 * std::log10(2.0) * trials[i].bitsPerWeight();
            trials[i].metrics.gaussianGapDb = gaps[i];
            trials[i].metrics.sqnrDb = bound - gaps[i];
            trials[i].metrics.shannonPercent = 100.0 * (bound - gaps[i]) / bound;
        }
        const TradeOffData data = buildTradeOff(recordList(trials), {metric, {}, false});
        QCOMPARE(data.points.size(), std::size_t{3});
        for (const TradeOffPoint& point : data.points)
            QCOMPARE(point.onFront, point.method != QStringLiteral("three"));
    }

    void sharesAreOfSlicesOrStages() {
        TrialRecord trial = record("a", "pq", 10, 20, 0);
        QVERIFY(buildShares(trial).series.empty());
        trial.codebooks = {{"slice 1", 1, {1}, {}}, {"slice 2", 1, {1}, {}}};
        QVERIFY(buildShares(trial).series.empty());
        trial.codebooks[0].varianceShare = 0.6;
        trial.codebooks[1].varianceShare = 0.4;
        QCOMPARE(buildShares(trial).series.size(), std::size_t{1});
        trial.codebooks[0].unrotatedShare = 0.9;
        trial.codebooks[1].unrotatedShare = 0.1;
        const SharesData slices = buildShares(trial);
        QCOMPARE(slices.series.size(), std::size_t{2});
        QCOMPARE(slices.series[0].shares, std::vector<double>({0.9, 0.1}));
        QCOMPARE(slices.series[1].shares, std::vector<double>({0.6, 0.4}));
        QCOMPARE(slices.codebooks, QStringList({"slice 1", "slice 2"}));
        trial.codebooks = {{"stage 1", 1, {1}, {}, 0.3}, {"stage 2", 1, {1}, {}, 0.1}};
        const SharesData stages = buildShares(trial);
        QCOMPARE(stages.axis, QStringLiteral("Stage"));
        QCOMPARE(stages.series[0].shares, std::vector<double>({0.3, 0.1}));
    }

    void useOfCodebooksIsComparedByWhatDiffers() {
        const auto trial = [](const std::string& tensor, const std::string& method) {
            TrialRecord made = record(tensor, method, 10, 20, 0);
            made.codebooks = {{"codebook", 1, {3, 1, 0}, {}}};
            return made;
        };
        const auto names = [](const std::vector<TrialRecord>& trials) {
            QStringList result;
            const auto data = compareUtilization(recordList(trials));
            if (!data) return result;
            for (const UtilizationSeries& series : data->codebooks)
                result << series.name;
            return result;
        };
        QCOMPARE(names({trial("a", "kmeans:bits=8,revive=none"),
                        trial("a", "kmeans:bits=8,revive=rare")}),
                 QStringList({"revive=none: codebook", "revive=rare: codebook"}));
        QCOMPARE(names({trial("a", "kmeans:bits=8"), trial("a", "kmeans:bits=8,revive=rare")}),
                 QStringList({"kmeans:bits=8: codebook", "kmeans:bits=8,revive=rare: codebook"}));
        QCOMPARE(names({trial("a", "rvq:bits=8"), trial("a", "pq:bits=8")}),
                 QStringList({"rvq:bits=8: codebook", "pq:bits=8: codebook"}));
        QCOMPARE(names({trial("a", "rvq"), trial("b", "rvq")}), QStringList());
        QCOMPARE(names({trial("a", "rvq")}), QStringList());
        QCOMPARE(names(std::vector<TrialRecord>(mostUtilizationTrials + 1, trial("a", "rvq"))),
                 QStringList());
    }

    void namesWithoutWhatTheyShare_data() {
        QTest::addColumn<QStringList>("names");
        QTest::addColumn<QStringList>("labels");
        const auto row = [](const char* name, const QStringList& names, const QStringList& labels) {
            QTest::newRow(name) << names << labels;
        };
        row("none", {}, {});
        row("one", {"a.b.c"}, {"a.b.c"});
        row("both ends", {"l.0.k.weight", "l.0.q.weight"}, {"k", "q"});
        row("bare numbers", {"l/0/w", "l/1/w"}, {"l/0", "l/1"});
        row("slashes", {"l/a/w", "l/b/w"}, {"a", "b"});
        row("several parts", {"l.0.a.w", "l.1.b.w"}, {"0.a", "1.b"});
        row("parts, not letters", {"key.w", "kind.w"}, {"key", "kind"});
        row("of other lengths", {"a", "a.b"}, {"a", "a.b"});
        row("one inside the other", {"l.w", "l.x.w"}, {"w", "x.w"});
    }
    void namesWithoutWhatTheyShare() {
        QFETCH(QStringList, names);
        QFETCH(QStringList, labels);
        std::set<std::string> tensors;
        for (const QString& name : names)
            tensors.insert(name.toStdString());
        QStringList found;
        for (const auto& [name, label] : distinctNames(tensors))
            found << QString::fromStdString(label);
        QCOMPARE(found, labels);
    }

    void barsOfTrials() {
        const RateBarsData data = buildRateBars(recordList(
            {record("a.w", "m", 10, 20, 5), record("b.w", "m", 100, 300, 0), failed("a.w", "x")}));
        QCOMPARE(data.bars.size(), std::size_t{2});
        QCOMPARE(data.bars[0].bitsPerWeight[0], 2.0);
        QCOMPARE(data.bars[0].bitsPerWeight[1], 0.5);
        QCOMPARE(data.bars[0].label, QString("m on a"));
        QCOMPARE(data.bars[1].trialId, QString("m@b.w"));
        QCOMPARE(data.title, QString());
    }

    void barsOfOneTensorBearTheMethod() {
        const RateBarsData data = buildRateBars(
            recordList({record("a.w", "m", 10, 20, 5), record("a.w", "n", 10, 30, 5)}));
        QCOMPARE(data.title, QString("a.w"));
        QCOMPARE(data.bars[1].label, QString("n"));
    }

    // Bits over weights, not the mean of the tensors' bits per weight; half done methods are out.
    void barsOfMethods() {
        const RateBarsData data = buildMethodRateBars(
            recordList({record("a", "m", 10, 20, 10), record("b", "m", 90, 380, 0),
                        record("a", "n", 10, 20, 10), failed("b", "n")}));
        QCOMPARE(data.bars.size(), std::size_t{1});
        QCOMPARE(data.bars[0].label, QString("m"));
        QCOMPARE(data.bars[0].bitsPerWeight[0], 4.0);
        QCOMPARE(data.bars[0].bitsPerWeight[1], 0.1);
        QCOMPARE(data.title, QString("2 tensors together"));
    }

    void theTellingTrialIsAmidTheFront_data() {
        QTest::addColumn<std::string>("tensor");
        QTest::addColumn<QString>("trial");
        QTest::newRow("of the largest") << std::string() << "m3@large";
        QTest::newRow("of one without results") << std::string("none") << "m3@large";
        QTest::newRow("of the one asked for") << std::string("small") << "m2@small";
    }
    void theTellingTrialIsAmidTheFront() {
        QFETCH(std::string, tensor);
        QFETCH(QString, trial);
        std::vector<TrialRecord> records{failed("large", "m1")};
        const auto add = [&](const char* name, Index weights, int bits, double sqnrDb) {
            records.push_back(record(name, "m" + std::to_string(records.size()), weights,
                                     static_cast<std::uint64_t>(bits * weights), 0));
            records.back().metrics.sqnrDb = sqnrDb;
        };
        add("large", 100, 8, 40.0);
        add("small", 10, 2, 9.0);
        add("large", 100, 4, 20.0);
        add("large", 100, 5, 19.0);  // Dominated.
        add("large", 100, 2, 10.0);
        QCOMPARE(QString::fromStdString(tellingRecord(recordList(records), tensor)->trialId),
                 trial);
        QVERIFY(!tellingRecord({}));
        QVERIFY(!tellingRecord(recordList({failed("a", "m")})));
    }

    void frontsOfSeveralTensorsHaveShortNames() {
        std::vector<TrialRecord> records;
        for (const char* tensor : {"l.0.w", "l.1.w"}) {
            for (const std::uint64_t bits : {2, 4}) {
                TrialRecord trial = record(tensor, "m" + std::to_string(bits), 10, 10 * bits, 0);
                trial.metrics.sqnrDb = 5.0 * static_cast<double>(bits);
                records.push_back(trial);
            }
        }
        const TradeOffData data = buildTradeOff(recordList(records), {});
        QCOMPARE(data.fronts.size(), std::size_t{2});
        QCOMPARE(data.fronts[0].name, QString("l.0"));
        QCOMPARE(data.fronts[1].name, QString("l.1"));
        QCOMPARE(data.fronts[1].bitsPerWeight, (std::vector<double>{2.0, 4.0}));
        QCOMPARE(data.fronts[1].values, (std::vector<double>{10.0, 20.0}));
    }

    // Totals come from whatever was measured: here SQNR alone, of errors 3 of 20 and 1 of 80.
    void totalsOfOneMetric() {
        TrialRecord a = record("a", "m", 10, 20, 0);
        a.metrics.sqnrDb = -10.0 * std::log10(3.0 / 20.0);
        a.metrics.weightEnergy = 20.0;
        TrialRecord b = record("b", "m", 90, 380, 0);
        b.metrics.sqnrDb = -10.0 * std::log10(1.0 / 80.0);
        b.metrics.weightEnergy = 80.0;
        const TradeOffPoint point = onlyTotal({a, b}, "sqnr_db");
        QCOMPARE(point.value, -10.0 * std::log10(4.0 / 100.0));
        QCOMPARE(point.bitsPerWeight, 4.0);
    }

    // Ratios of sums, as the command line's summary has them.
    void totalsOfHessianErrors() {
        TrialRecord a = record("a", "m", 10, 20, 0);
        a.metrics.hessianError = 0.5;
        a.metrics.hessianEnergy = 4.0;
        TrialRecord b = record("b", "m", 90, 380, 0);
        b.metrics.hessianError = 0.1;
        b.metrics.hessianEnergy = 36.0;
        QCOMPARE(onlyTotal({a, b}, "hessian_error").value, 5.6 / 40.0);
    }

    // Bins of 3.1 numbers would hold three or four of them by turns.
    void wholeNumbersAreSharedOutEvenly() {
        TensorStatistics weights;
        weights.count = 100;
        weights.max = 99.0;
        for (int value = 0; value < 100; ++value)
            weights.histogram.add(static_cast<float>(value));
        const LevelsData data = buildLevels(weights, nullptr, 32);
        QCOMPARE(data.low, -0.5);
        QCOMPARE(data.binWidth, 4.0);
        QCOMPARE(data.weightDensity, std::vector<double>(25, 0.04));
    }

    // The decoded values are shared out to the same bins as the weights.
    void decodedDensity() {
        TensorStatistics weights;
        weights.count = 4;
        weights.min = -1.0;
        weights.max = 1.0;
        for (const float value : {-1.0F, -0.5F, 0.5F, 1.0F})
            weights.histogram.add(value);
        TensorStatistics decoded = weights;
        decoded.histogram = ValueHistogram();
        for (const float value : {0.5F, 0.5F, 0.5F, -0.5F})
            decoded.histogram.add(value);
        LevelsData data = buildLevels(weights, nullptr, 2);
        addDecoded(data, decoded);
        QCOMPARE(data.weightDensity, (std::vector<double>{0.5, 0.5}));
        QCOMPARE(data.decodedDensity, (std::vector<double>{0.25, 0.75}));
    }
};

QTEST_APPLESS_MAIN(TestPlotBuilders)
#include "tst_plot_builders.moc"
