// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/quant/lloyd_max.h"

using namespace quantscope;

namespace {

std::vector<WeightedPoint> points(const QString& kind, int count, bool weighted) {
    Random random(3);
    std::vector<WeightedPoint> result;
    for (int i = 0; i < count; ++i) {
        double value = random.normal();
        if (kind == "heavy") value = value * value * value;
        if (kind == "integers") value = std::rint(3.0 * value);
        if (kind == "two humps") value = 0.1 * value + (i % 3 == 0 ? 1.0 : -1.0);
        result.push_back({value, weighted ? random.uniform() : 1.0});
    }
    std::ranges::sort(result, {}, &WeightedPoint::value);
    return result;
}

double errorOf(const std::vector<WeightedPoint>& points, const std::vector<double>& levels) {
    double error = 0.0;
    for (const auto& [value, mass] : points) {
        double least = std::numeric_limits<double>::infinity();
        for (const double level : levels)
            least = std::min(least, (value - level) * (value - level));
        error += mass * least;
    }
    return error;
}

// Dynamic programming over all partitions of the sorted points into intervals.
double leastError(const std::vector<WeightedPoint>& points, int levels) {
    const std::size_t n = points.size();
    std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
    best[0] = 0.0;
    for (int k = 0; k < levels; ++k) {
        std::vector<double> next = best;
        for (std::size_t begin = 0; begin < n; ++begin) {
            double mass = 0.0;
            double mean = 0.0;
            double cost = 0.0;
            for (std::size_t end = begin; end < n; ++end) {
                const double difference = points[end].value - mean;
                mass += points[end].mass;
                mean += difference * points[end].mass / mass;
                cost += points[end].mass * difference * (points[end].value - mean);
                next[end + 1] = std::min(next[end + 1], best[begin] + cost);
            }
        }
        best = next;
    }
    return best[n];
}

}  // namespace

class TestLloydMax : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsTheOptimum_data();
    void findsTheOptimum();
    void agreesWithMaxsTableOnADenseGaussian_data();
    void agreesWithMaxsTableOnADenseGaussian();
    void searchesMorePointsThanTheIteration();
    void stopsInTheMiddle();
    void copesWithFewPoints();
};

void TestLloydMax::findsTheOptimum_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("levels");
    QTest::addColumn<bool>("weighted");
    for (const QString kind : {"gaussian", "heavy", "integers", "two humps"}) {
        for (const int levels : {1, 2, 3, 8, 16, 31}) {
            for (const bool weighted : {false, true}) {
                QTest::newRow(qPrintable(QString("%1 %2 %3").arg(kind).arg(levels).arg(weighted)))
                    << kind << levels << weighted;
            }
        }
    }
}

void TestLloydMax::findsTheOptimum() {
    QFETCH(QString, kind);
    QFETCH(int, levels);
    QFETCH(bool, weighted);
    const auto sample = points(kind, 250, weighted);
    const std::vector<double> found = lloydMaxLevels(sample, levels);
    QCOMPARE(found.size(), static_cast<std::size_t>(levels));
    QVERIFY(std::ranges::is_sorted(found));
    const double least = leastError(sample, levels);
    const double error = errorOf(sample, found);
    const std::vector<double> exact = optimalLevels(sample, levels, {});
    QVERIFY(std::ranges::is_sorted(exact));
    QVERIFY(std::abs(errorOf(sample, exact) - least) <= 1e-9 * (1.0 + least));
    QVERIFY2(std::abs(error - least) <= 1e-9 * (1.0 + least),
             qPrintable(QString("%1 instead of %2").arg(error).arg(least)));
}

// Levels of the optimal quantizers of a unit Gaussian (Max 1960, table I), on 200,001 points, far
// more than the dynamic programme takes.
void TestLloydMax::agreesWithMaxsTableOnADenseGaussian_data() {
    QTest::addColumn<QList<double>>("positive");
    QTest::newRow("2") << QList<double>{0.7980};
    QTest::newRow("4") << QList<double>{0.4528, 1.510};
    QTest::newRow("8") << QList<double>{0.2451, 0.7560, 1.344, 2.152};
    QTest::newRow("16") << QList<double>{0.1284, 0.3881, 0.6568, 0.9424,
                                         1.256,  1.618,  2.069,  2.733};
}

void TestLloydMax::agreesWithMaxsTableOnADenseGaussian() {
    QFETCH(QList<double>, positive);
    std::vector<WeightedPoint> density;
    for (int i = -100000; i <= 100000; ++i) {
        const double x = i * 7e-5;
        density.push_back({x, std::exp(-x * x / 2.0)});
    }
    const auto half = static_cast<std::size_t>(positive.size());
    const auto levels = lloydMaxLevels(density, static_cast<int>(2 * half));
    for (std::size_t k = 0; k < half; ++k) {
        const double expected = positive[static_cast<int>(k)];
        QVERIFY2(std::abs(levels[half + k] - expected) < 0.0006,
                 qPrintable(QString::number(levels[half + k])));
        QVERIFY(std::abs(levels[half - 1 - k] + expected) < 0.0006);
    }
}

// Beyond 2048 points the iteration starts from a coarser problem; the search does not.
void TestLloydMax::searchesMorePointsThanTheIteration() {
    for (const QString kind : {"heavy", "two humps"}) {
        const auto sample = points(kind, 2500, true);
        const double least = leastError(sample, 5);
        QVERIFY(std::abs(errorOf(sample, optimalLevels(sample, 5, {})) / least - 1.0) < 1e-9);
        QVERIFY(errorOf(sample, lloydMaxLevels(sample, 5)) >= least * (1.0 - 1e-9));
    }
}

void TestLloydMax::stopsInTheMiddle() {
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(optimalLevels(points("heavy", 100, false), 8, stop.get_token()),
                             Cancelled);
}

void TestLloydMax::copesWithFewPoints() {
    QCOMPARE(lloydMaxLevels({}, 3), (std::vector<double>{0.0, 0.0, 0.0}));
    const std::vector<WeightedPoint> two = {{-1.0, 2.0}, {0.5, 0.0}, {3.0, 1.0}};
    QCOMPARE(lloydMaxLevels(two, 4), (std::vector<double>{-1.0, 3.0, 3.0, 3.0}));
    QCOMPARE(lloydMaxLevels(two, 1), (std::vector<double>{1.0 / 3.0}));
    QCOMPARE(optimalLevels(two, 4, {}), (std::vector<double>{-1.0, 3.0, 3.0, 3.0}));
    QCOMPARE(optimalLevels({}, 2, {}), (std::vector<double>{0.0, 0.0}));
}

QTEST_APPLESS_MAIN(TestLloydMax)
#include "tst_lloyd_max.moc"
