// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics against closed forms and against figures that NumPy computed in double precision.
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/io/tensor_statistics.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/read_meter.h"
#include "tests/core/test_files.h"

using namespace quantscope;

namespace {

TensorStatistics statisticsOf(const Matrix& matrix) {
    return computeStatistics(ViewSource(matrix.view()), {});
}

Matrix filled(Index rows, Index cols, const std::function<double()>& next) {
    Matrix matrix(rows, cols);
    for (Index i = 0; i < matrix.view().size(); ++i)
        matrix.data()[i] = static_cast<float>(next());
    return matrix;
}

bool isNear(double actual, double expected, double relative) {
    return std::abs(actual - expected) <= relative * std::max(std::abs(expected), 1e-30);
}

}  // namespace

class TestStatistics : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void tensorsMatchNumpy_data();
    void tensorsMatchNumpy();
    void arithmeticProgression();
    void farFromZero();
    void gaussianMoments();
    void constantHasNoSpread();
    void countsSpecialValues();
    void onlySpecialValues();
    void countsOutliers();
    void sameBitsAtAnyThreadCount();
    void histogramKeepsEveryValue();
    void histogramQuantiles();
    void histogramKnowsWholeNumbers();
    void histogramOfGaussianMatchesDensity();
    void reportsProgressAndStops();
    void readsOnceInBlocks_data();
    void readsOnceInBlocks();
};

void TestStatistics::tensorsMatchNumpy_data() {
    QTest::addColumn<QString>("file");
    for (const char* name :
         {"stories260k.h5", "stories260k-f16.h5", "keras-fer2013_mini_XCEPTION.hdf5"}) {
        QTest::newRow(name) << QString(name);
    }
}

void TestStatistics::tensorsMatchNumpy() {
    QFETCH(QString, file);
    const auto opened = test::openProbed(test::dataset(file.toStdString()));
    int compared = 0;
    for (const auto& record :
         test::readCsv(std::filesystem::path(QUANTSCOPE_TEST_DATA_DIR) / "TENSORS.csv")) {
        if (record[0] != file.toStdString()) continue;
        const std::string name = record[1].substr(1);
        const TensorInfo* info = opened->find(name);
        QVERIFY2(info != nullptr, name.c_str());
        const TensorStatistics statistics = tensorStatistics(*opened, *info, {});
        const std::array<double, 4> actual = {statistics.min, statistics.max, statistics.mean,
                                              statistics.sumOfSquares};
        for (std::size_t i = 0; i < actual.size(); ++i) {
            // The file has nine digits; means near zero carry the rounding of their largest terms.
            const double slack = i == 2 ? 1e-9 * std::max(-statistics.min, statistics.max) : 0.0;
            double expected = 0.0;
            QVERIFY(parseNumber(record[4 + i], expected));
            QVERIFY2(std::abs(actual[i] - expected) <= 1e-6 * std::abs(expected) + slack,
                     (name + " column " + std::to_string(4 + i)).c_str());
        }
        QCOMPARE(statistics.count, static_cast<std::uint64_t>(elementCount(info->shape)));
        ++compared;
    }
    QVERIFY(compared >= 47);
}

void TestStatistics::arithmeticProgression() {
    // 0, 1, ..., n-1: mean (n-1)/2, variance (n^2-1)/12, kurtosis 9/5 - 12/(5 (n^2-1)).
    const Index n = 1000 * 997;
    double next = 0.0;
    const TensorStatistics statistics = statisticsOf(filled(1000, 997, [&] { return next++; }));
    const double square = static_cast<double>(n) * static_cast<double>(n);
    QVERIFY(isNear(statistics.mean, (static_cast<double>(n) - 1.0) / 2.0, 1e-13));
    QVERIFY(isNear(statistics.standardDeviation, std::sqrt((square - 1.0) / 12.0), 1e-12));
    QVERIFY(isNear(statistics.kurtosis, 1.8 - 2.4 / (square - 1.0), 1e-11));
    QCOMPARE(statistics.min, 0.0);
    QCOMPARE(statistics.max, static_cast<double>(n - 1));
    QCOMPARE(statistics.zeros, std::uint64_t{1});
}

void TestStatistics::farFromZero() {
    // Half of the values 16,000,000, half 16,000,002: deviation exactly 1, kurtosis exactly 1.
    bool high = false;
    const TensorStatistics statistics = statisticsOf(filled(3000, 500, [&] {
        high = !high;
        return high ? 16'000'002.0 : 16'000'000.0;
    }));
    QVERIFY(isNear(statistics.mean, 16'000'001.0, 1e-15));
    QVERIFY(isNear(statistics.standardDeviation, 1.0, 1e-12));
    QVERIFY(isNear(statistics.kurtosis, 1.0, 1e-12));
}

void TestStatistics::gaussianMoments() {
    Random random(7);
    const TensorStatistics statistics =
        statisticsOf(filled(2000, 1000, [&] { return 0.5 + 2.0 * random.normal(); }));
    // Standard errors at two million samples: mean 0.0014, deviation 0.001, kurtosis 0.0035.
    QVERIFY(std::abs(statistics.mean - 0.5) < 0.006);
    QVERIFY(std::abs(statistics.standardDeviation - 2.0) < 0.004);
    QVERIFY(std::abs(statistics.kurtosis - 3.0) < 0.014);
}

void TestStatistics::constantHasNoSpread() {
    const TensorStatistics statistics = statisticsOf(filled(777, 333, [] { return 0.1; }));
    QCOMPARE(statistics.mean, static_cast<double>(0.1F));
    QCOMPARE(statistics.standardDeviation, 0.0);
    QCOMPARE(statistics.kurtosis, 0.0);
    QCOMPARE(statistics.outliers, std::uint64_t{0});
}

void TestStatistics::countsSpecialValues() {
    Matrix matrix(2, 4);
    const std::array<float, 8> values = {1.0F,
                                         -3.0F,
                                         0.0F,
                                         -0.0F,
                                         std::numeric_limits<float>::quiet_NaN(),
                                         std::numeric_limits<float>::infinity(),
                                         -std::numeric_limits<float>::infinity(),
                                         std::numeric_limits<float>::denorm_min()};
    std::ranges::copy(values, matrix.data());
    const TensorStatistics statistics = statisticsOf(matrix);
    QCOMPARE(statistics.count, std::uint64_t{8});
    QCOMPARE(statistics.zeros, std::uint64_t{2});
    QCOMPARE(statistics.nan, std::uint64_t{1});
    QCOMPARE(statistics.inf, std::uint64_t{2});
    QCOMPARE(statistics.min, -3.0);
    QCOMPARE(statistics.max, 1.0);
    QVERIFY(isNear(statistics.mean, -0.4, 1e-12));
    QVERIFY(isNear(statistics.sumOfSquares, 10.0, 1e-12));
}

void TestStatistics::onlySpecialValues() {
    const TensorStatistics statistics =
        statisticsOf(filled(3, 3, [] { return std::numeric_limits<double>::quiet_NaN(); }));
    QCOMPARE(statistics.nan, std::uint64_t{9});
    QCOMPARE(statistics.min, 0.0);
    QCOMPARE(statistics.max, 0.0);
    QCOMPARE(statistics.histogram.quantile(0.5), 0.0);
}

void TestStatistics::countsOutliers() {
    Random random(3);
    Matrix matrix = filled(500, 400, [&] { return random.uniform() - 0.5; });
    matrix(17, 17) = 50.0F;
    matrix(400, 3) = -60.0F;
    QCOMPARE(statisticsOf(matrix).outliers, std::uint64_t{2});
}

void TestStatistics::sameBitsAtAnyThreadCount() {
    Random random(11);
    const Matrix matrix = filled(3001, 701, [&] { return std::exp(random.normal()); });
    const auto measure = [&](int threads) {
        TensorStatistics statistics;
        Arena arena(threads);
        arena.execute([&] { statistics = statisticsOf(matrix); });
        return statistics;
    };
    const TensorStatistics one = measure(1);
    for (const int threads : {2, 8}) {
        const TensorStatistics many = measure(threads);
        QVERIFY(many.mean == one.mean && many.kurtosis == one.kurtosis);
        QVERIFY(many.standardDeviation == one.standardDeviation);
        QVERIFY(many.sumOfSquares == one.sumOfSquares && many.outliers == one.outliers);
        QCOMPARE(many.histogram.binned(0.0, 10.0, 50), one.histogram.binned(0.0, 10.0, 50));
    }
}

void TestStatistics::histogramKeepsEveryValue() {
    Random random(5);
    Matrix matrix = filled(300, 300, [&] { return random.normal(); });
    for (Index i = 0; i < 900; ++i)
        matrix.data()[i * 7] = 0.0F;
    const TensorStatistics statistics = statisticsOf(matrix);
    for (const int bins : {1, 7, 64, 255}) {
        const std::vector<double> counts = statistics.histogram.binned(-10.0, 10.0, bins);
        QVERIFY(isNear(std::accumulate(counts.begin(), counts.end(), 0.0), 90000.0, 1e-9));
    }
    const std::vector<double> right = statistics.histogram.binned(100.0, 200.0, 4);
    QCOMPARE(std::accumulate(right.begin(), right.end(), 0.0), 0.0);
}

void TestStatistics::histogramQuantiles() {
    double next = 0.0;
    const TensorStatistics statistics = statisticsOf(filled(1000, 1000, [&] { return next++; }));
    for (const double q : {0.01, 0.25, 0.5, 0.9, 0.999}) {
        QVERIFY(isNear(statistics.histogram.quantile(q), q * 1e6, 1.0 / 128.0));
    }
    const TensorStatistics negative = statisticsOf(filled(1000, 1000, [&] { return -(next--); }));
    QVERIFY(isNear(negative.histogram.quantile(0.25), -0.75e6, 1.0 / 128.0));
}

void TestStatistics::histogramKnowsWholeNumbers() {
    Random random(7);
    for (const double span : {1.0, 3.0, 255.0, 1e6}) {
        const auto drawn = [&] { return std::rint(span * (2.0 * random.uniform() - 1.0)); };
        QVERIFY(statisticsOf(filled(100, 100, drawn)).histogram.isOfWholeNumbers());
    }
    for (const double span : {1e-30, 0.5, 3.0, 100.0}) {
        const auto drawn = [&] { return span * random.uniform(); };
        QVERIFY(!statisticsOf(filled(100, 100, drawn)).histogram.isOfWholeNumbers());
    }
    QVERIFY(!statisticsOf(filled(1, 1, [] { return -2.5; })).histogram.isOfWholeNumbers());
}

void TestStatistics::histogramOfGaussianMatchesDensity() {
    Random random(13);
    const TensorStatistics statistics =
        statisticsOf(filled(1000, 2000, [&] { return random.normal(); }));
    const std::vector<double> counts = statistics.histogram.binned(-3.0, 3.0, 12);
    for (int bin = 0; bin < 12; ++bin) {
        const auto below = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
        const double low = -3.0 + 0.5 * bin;
        const double expected = 2e6 * (below(low + 0.5) - below(low));
        QVERIFY(isNear(counts[static_cast<std::size_t>(bin)], expected, 0.03));
    }
}

void TestStatistics::reportsProgressAndStops() {
    const Matrix matrix = filled(4000, 1000, [] { return 1.0; });
    std::stop_source stop;
    const auto measure = [&] {
        computeStatistics(ViewSource(matrix.view()), stop.get_token(), [&](double fraction) {
            if (fraction > 0.1) stop.request_stop();
        });
    };
    QVERIFY_EXCEPTION_THROWN(measure(), Cancelled);
}

void TestStatistics::readsOnceInBlocks_data() {
    QTest::addColumn<Shape>("shape");
    QTest::addColumn<FoldRule>("fold");
    QTest::addColumn<Shape>("chunk");
    constexpr Index all = Index{1} << 23;
    QTest::newRow("one row") << Shape{1, all} << FoldRule{{0}} << Shape{};
    QTest::newRow("vector") << Shape{all} << FoldRule{{}} << Shape{};
    QTest::newRow("transposed") << Shape{1024, all / 1024} << FoldRule{{1}} << Shape{};
    QTest::newRow("chunks") << Shape{1024, all / 1024} << FoldRule{{1}} << Shape{64, 64};
}

// Values are 0, 1, 2, ... in the order of the file.
void TestStatistics::readsOnceInBlocks() {
    QFETCH(Shape, shape);
    QFETCH(FoldRule, fold);
    QFETCH(Shape, chunk);
    const QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("a.h5").toStdString();
    const Index count = elementCount(shape);
    {
        std::vector<float> values(static_cast<std::size_t>(count));
        std::iota(values.begin(), values.end(), 0.0F);
        test::Hdf5Fixture(path).addFloats("w", shape, values, {chunk});
    }
    const auto file = test::openProbed(path);
    TensorInfo tensor = *file->find("w");
    tensor.fold = fold;
    const test::ReadMeter meter;
    TensorStatistics statistics;
    Arena(2).execute([&] { statistics = tensorStatistics(*file, tensor, {}); });
    const std::uint64_t bytes = sizeof(float) * static_cast<std::uint64_t>(count);
    constexpr std::uint64_t little = std::uint64_t{8} << 20;
    QVERIFY2(meter.bytesRead() <= bytes + little, qPrintable(QString::number(meter.bytesRead())));
    QVERIFY2(meter.peakMemory() <= 2 * little, qPrintable(QString::number(meter.peakMemory())));
    const auto n = static_cast<double>(count);
    QCOMPARE(statistics.count, static_cast<std::uint64_t>(count));
    QCOMPARE(statistics.max, n - 1.0);
    QVERIFY(isNear(statistics.mean, (n - 1.0) / 2.0, 1e-12));
    QVERIFY(isNear(statistics.standardDeviation, std::sqrt((n * n - 1.0) / 12.0), 1e-9));
}

QTEST_APPLESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
