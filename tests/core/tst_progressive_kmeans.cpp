// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Dense>
#include <QtTest>
#include <cmath>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/kernels/progressive_kmeans.h"

using namespace quantscope;

namespace {

// Gaussian noise whose deviations fall as (j + 1)^-0.6 along the axes of a random basis.
Matrix decayingNoise(Index rows, Index dim, std::uint64_t seed) {
    Random random(seed);
    Eigen::MatrixXd normal(dim, dim);
    for (double& value : normal.reshaped())
        value = random.normal();
    const Eigen::MatrixXd basis = Eigen::HouseholderQR<Eigen::MatrixXd>(normal).householderQ();
    Matrix x(rows, dim);
    for (Index row = 0; row < rows; ++row) {
        Eigen::VectorXd along(dim);
        for (Index j = 0; j < dim; ++j)
            along[j] = std::pow(static_cast<double>(j + 1), -0.6) * random.normal();
        const Eigen::VectorXd vector = basis * along;
        for (Index j = 0; j < dim; ++j)
            x(row, j) = static_cast<float>(vector[j]);
    }
    return x;
}

double distortion(MatrixView x, MatrixView centroids) {
    double total = 0.0;
    for (Index row = 0; row < x.rows; ++row) {
        double least = std::numeric_limits<double>::infinity();
        for (Index k = 0; k < centroids.rows; ++k) {
            double squares = 0.0;
            for (Index j = 0; j < x.cols; ++j)
                squares += std::pow(static_cast<double>(x(row, j) - centroids(k, j)), 2.0);
            least = std::min(least, squares);
        }
        total += least;
    }
    return total / static_cast<double>(x.rows);
}

}  // namespace

class TestProgressiveKMeans : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsLowerMinimaInNoise_data() {
        QTest::addColumn<int>("dim");
        QTest::newRow("least") << static_cast<int>(leastProgressiveDim);
        QTest::newRow("a number that is no power of two") << 50;
        QTest::newRow("long") << 128;
    }
    void findsLowerMinimaInNoise() {
        QFETCH(int, dim);
        const Matrix x = decayingNoise(8000, dim, 1);
        const KMeansParameters parameters{.count = 128, .iterations = 25};
        double progressive = 0.0;
        double seeded = 0.0;
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            progressive +=
                progressiveKMeans(x.view(), parameters, RunContext(seed)).objectives.back();
            seeded += kMeans(x.view(), parameters, RunContext(seed)).objectives.back();
        }
        qInfo("progressive %.5f, seeded %.5f", progressive / 3.0, seeded / 3.0);
        QVERIFY(progressive < seeded);
    }

    void centroidsReachTheObjective() {
        const Matrix x = decayingNoise(2000, 40, 2);
        const KMeansResult result =
            progressiveKMeans(x.view(), {.count = 32, .iterations = 15}, RunContext(1));
        QVERIFY(result.iterations() <= 15);
        QVERIFY(std::ranges::is_sorted(result.objectives, std::greater()));
        // The centroids are one update ahead of the last objective.
        const double reached = distortion(x.view(), result.centroids.view());
        QVERIFY(reached <= result.objectives.back() * (1.0 + 1e-5));
        QVERIFY(reached >= result.objectives.back() * 0.98);
    }

    void tellsObjectivesOfTheLastPassOnly() {
        const Matrix x = decayingNoise(1000, 32, 3);
        std::vector<double> told;
        const RunContext context = RunContext(1).withObjective(
            [&](const std::string&, double value) { told.push_back(value); });
        const KMeansResult result =
            progressiveKMeans(x.view(), {.count = 16, .iterations = 12}, context);
        QCOMPARE(told.size(), result.objectives.size());
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix x = decayingNoise(3000, 33, 4);
        std::vector<KMeansResult> results;
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                results.push_back(
                    progressiveKMeans(x.view(), {.count = 40, .iterations = 6}, RunContext(12)));
            });
        }
        for (const KMeansResult& result : results) {
            QVERIFY(std::equal(result.centroids.data(),
                               result.centroids.data() + result.centroids.view().size(),
                               results.front().centroids.data()));
            QCOMPARE(result.objectives, results.front().objectives);
        }
    }

    void stopsWhenAsked() {
        std::stop_source stop;
        stop.request_stop();
        const Matrix x = decayingNoise(500, 20, 5);
        QVERIFY_EXCEPTION_THROWN(
            progressiveKMeans(x.view(), {.count = 16}, RunContext(1, stop.get_token())), Cancelled);
    }
};

QTEST_GUILESS_MAIN(TestProgressiveKMeans)
#include "tst_progressive_kmeans.moc"
