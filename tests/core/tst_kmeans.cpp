// SPDX-License-Identifier: GPL-3.0-or-later
#include <QElapsedTimer>
#include <QtTest>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <set>
#include <thread>

#include "core/base/parallel.h"
#include "core/kernels/cell_split.h"
#include "core/kernels/kmeans.h"
#include "core/kernels/nearest.h"
#include "core/kernels/seeding.h"

using namespace quantscope;

namespace {

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
    Matrix x(rows, cols);
    Random random(seed);
    for (Index i = 0; i < x.view().size(); ++i)
        x.data()[i] = static_cast<float>(random.normal());
    return x;
}

// `clusters` far apart on a grid line, each with unit noise.
Matrix separated(Index rows, Index cols, Index clusters) {
    Matrix x = gaussian(rows, cols, 5);
    for (Index row = 0; row < rows; ++row)
        x(row, 0) += static_cast<float>(row % clusters * 100);
    return x;
}

// Mean squared distance of the rows from their nearest centroid, in double precision.
double distortion(MatrixView x, MatrixView centroids, std::span<const float> weights = {}) {
    double total = 0.0;
    double mass = 0.0;
    for (Index row = 0; row < x.rows; ++row) {
        double nearest = std::numeric_limits<double>::infinity();
        for (Index k = 0; k < centroids.rows; ++k) {
            double sum = 0.0;
            for (Index j = 0; j < x.cols; ++j) {
                const double difference =
                    static_cast<double>(x(row, j)) - static_cast<double>(centroids(k, j));
                sum += difference * difference;
            }
            nearest = std::min(nearest, sum);
        }
        const double weight =
            weights.empty() ? 1.0 : static_cast<double>(weights[static_cast<std::size_t>(row)]);
        total += weight * nearest;
        mass += weight;
    }
    return total / mass;
}

bool sameBits(const Matrix& a, const Matrix& b) {
    return a.rows() == b.rows() && a.cols() == b.cols() &&
           std::memcmp(a.data(), b.data(),
                       static_cast<std::size_t>(a.view().size()) * sizeof(float)) == 0;
}

}  // namespace

class TestKMeans : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneCentroidIsTheMean() {
        const Matrix x = gaussian(1000, 3, 1);
        const KMeansResult result = kMeans(x.view(), {.count = 1}, RunContext(0));
        double variance = 0.0;
        for (Index j = 0; j < 3; ++j) {
            double mean = 0.0;
            double square = 0.0;
            for (Index row = 0; row < 1000; ++row) {
                mean += static_cast<double>(x(row, j)) / 1000.0;
                square += static_cast<double>(x(row, j)) * static_cast<double>(x(row, j)) / 1000.0;
            }
            QVERIFY(std::abs(static_cast<double>(result.centroids(0, j)) - mean) < 1e-6);
            variance += square - mean * mean;
        }
        QVERIFY(std::abs(result.objectives.back() - variance) < 1e-5 * variance);
        QCOMPARE(result.counts, std::vector<std::uint64_t>{1000});
    }

    void objectiveIsTheDistortionAndNeverRises_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<int>("count");
        QTest::newRow("one dimension") << 3000 << 1 << 32;
        QTest::newRow("short vectors") << 3000 << 8 << 64;
        QTest::newRow("long vectors") << 700 << 130 << 20;
        QTest::newRow("as many centroids as rows") << 100 << 4 << 100;
        QTest::newRow("many small cells") << 2000 << 2 << 900;
    }
    void objectiveIsTheDistortionAndNeverRises() {
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(int, count);
        const Matrix x = gaussian(rows, cols, 2);
        const KMeansResult result = kMeans(
            x.view(), {.count = count, .iterations = 15, .relativeGain = 0.0}, RunContext(3));
        QVERIFY(!result.objectives.empty());
        for (std::size_t i = 1; i < result.objectives.size(); ++i) {
            QVERIFY(result.objectives[i] <= result.objectives[i - 1] + 1e-9);
        }
        const double reached = distortion(x.view(), result.centroids.view());
        QVERIFY(reached <= result.objectives.back() + 1e-9);
        QVERIFY(reached >= 0.9 * result.objectives.back() - 1e-9);
        QCOMPARE(std::accumulate(result.counts.begin(), result.counts.end(), std::uint64_t{0}),
                 static_cast<std::uint64_t>(rows));
        // The first objective belongs to the seeds.
        const std::vector<Index> seeds = seedRows(x.view(), {}, count, RunContext(3));
        Matrix start(count, cols);
        for (Index k = 0; k < count; ++k) {
            std::ranges::copy(x.view().row(seeds[static_cast<std::size_t>(k)]),
                              start.span().row(k).begin());
        }
        const double first = distortion(x.view(), start.view());
        QVERIFY(std::abs(result.objectives.front() - first) <= 1e-5 * first + 1e-9);
    }

    void findsSeparatedClusters() {
        constexpr Index clusters = 16;
        const Matrix x = separated(3200, 6, clusters);
        const KMeansResult result = kMeans(x.view(), {.count = clusters}, RunContext(1));
        QCOMPARE(result.counts, std::vector<std::uint64_t>(clusters, 200));
        // Unit variance in six dimensions, less one degree of freedom per cluster.
        const double expected = 6.0 * (1.0 - 1.0 / 200.0);
        QVERIFY(std::abs(result.objectives.back() - expected) < 0.03 * expected);
    }

    void approachesLloydMax_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<double>("expected");
        // Max, "Quantizing for minimum distortion", 1960, table I.
        QTest::newRow("1 bit") << 1 << 0.3634;
        QTest::newRow("2 bits") << 2 << 0.1175;
        QTest::newRow("3 bits") << 3 << 0.03454;
        QTest::newRow("4 bits") << 4 << 0.009497;
    }
    void approachesLloydMax() {
        QFETCH(int, bits);
        QFETCH(double, expected);
        // Normal quantiles rather than random draws, so that no sampling error blurs the figure.
        constexpr Index rows = 40000;
        Matrix x(rows, 1);
        double position = -6.0;
        double mass = 0.0;
        constexpr double step = 1e-5;
        for (Index row = 0; row < rows; ++row) {
            const double target = (static_cast<double>(row) + 0.5) / rows;
            while (mass < target) {
                mass += step * std::exp(-position * position / 2.0) / std::sqrt(2.0 * M_PI);
                position += step;
            }
            x(row, 0) = static_cast<float>(position);
        }
        const KMeansResult result =
            kMeans(x.view(), {.count = Index{1} << bits, .iterations = 300, .relativeGain = 1e-7},
                   RunContext(4));
        QVERIFY2(std::abs(result.objectives.back() - expected) < 0.01 * expected,
                 qPrintable(QString::number(result.objectives.back())));
    }

    void weightsCountLikeRepeatedRows() {
        const Matrix x = gaussian(400, 3, 6);
        std::vector<float> weights;
        std::vector<Index> repeated;
        Random random(2);
        for (Index row = 0; row < 400; ++row) {
            const Index times = random.below(4);
            weights.push_back(static_cast<float>(times));
            for (Index i = 0; i < times; ++i)
                repeated.push_back(row);
        }
        Matrix copies(static_cast<Index>(repeated.size()), 3);
        for (Index row = 0; row < copies.rows(); ++row) {
            std::ranges::copy(x.view().row(repeated[static_cast<std::size_t>(row)]),
                              copies.span().row(row).begin());
        }
        const Matrix start = gaussian(20, 3, 7);
        const KMeansParameters parameters{.count = 20, .iterations = 10, .relativeGain = 0.0};
        const KMeansResult weighted =
            kMeans(x.view(), parameters, RunContext(), weights, start.view());
        const KMeansResult plain =
            kMeans(copies.view(), parameters, RunContext(), {}, start.view());
        QCOMPARE(weighted.objectives.size(), plain.objectives.size());
        for (std::size_t i = 0; i < plain.objectives.size(); ++i) {
            QVERIFY(std::abs(weighted.objectives[i] - plain.objectives[i]) <
                    1e-6 * plain.objectives[i]);
        }
    }

    void weightZeroRowsAreNeverSeeds() {
        const Matrix x = gaussian(300, 2, 8);
        std::vector<float> weights(300, 0.0F);
        for (std::size_t row = 100; row < 140; ++row)
            weights[row] = 2.0F;
        const std::vector<Index> rows = seedRows(x.view(), weights, 40, RunContext(5));
        QCOMPARE(std::set<Index>(rows.begin(), rows.end()).size(), std::size_t{40});
        for (const Index row : rows)
            QVERIFY(row >= 100 && row < 140);
    }

    // k-means++ must land close to the optimum on separated clusters before any iteration; drawing
    // rows uniformly misses clusters almost surely.
    void seedsCoverSeparatedClusters() {
        const Matrix x = separated(3000, 4, 30);
        std::set<Index> hit;
        for (const Index row : seedRows(x.view(), {}, 30, RunContext(9)))
            hit.insert(row % 30);
        QVERIFY(hit.size() >= 29);
    }

    void seedsFollowTheSquaredDistance() {
        // Rows at 0 (many), 1 and 3: from a first seed at 0 the second is 3 in 9 of 10 cases.
        Matrix x(1000, 1);
        x(998, 0) = 1.0F;
        x(999, 0) = 3.0F;
        int first = 0;
        int far = 0;
        for (std::uint64_t seed = 0; seed < 2000; ++seed) {
            const std::vector<Index> rows = seedRows(x.view(), {}, 2, RunContext(seed));
            if (rows[0] >= 998) continue;
            ++first;
            if (rows[1] == 999) ++far;
        }
        const double share = static_cast<double>(far) / first;
        QVERIFY2(std::abs(share - 0.9) < 0.03, qPrintable(QString::number(share)));
    }

    void warmStartContinues() {
        const Matrix x = gaussian(2000, 4, 10);
        const KMeansParameters parameters{.count = 16, .iterations = 8, .relativeGain = 0.0};
        const KMeansResult whole =
            kMeans(x.view(), {.count = 16, .iterations = 16, .relativeGain = 0.0}, RunContext(1));
        const KMeansResult first = kMeans(x.view(), parameters, RunContext(1));
        const KMeansResult second =
            kMeans(x.view(), parameters, RunContext(1), {}, first.centroids.view());
        QVERIFY(sameBits(whole.centroids, second.centroids));
        QCOMPARE(whole.objectives.back(), second.objectives.back());
    }

    void emptyCellsAreRevived() {
        const Matrix x = separated(800, 5, 8);
        // All centroids at one place: seven of eight cells are empty.
        const Matrix start(8, 5);
        const KMeansResult result = kMeans(x.view(), {.count = 8}, RunContext(), {}, start.view());
        QVERIFY(result.revived >= 7);
        QCOMPARE(result.counts, std::vector<std::uint64_t>(8, 100));
        for (std::size_t i = 1; i < result.objectives.size(); ++i) {
            QVERIFY(result.objectives[i] <= result.objectives[i - 1]);
        }
    }

    void withoutRevivalEmptyCellsStay() {
        const Matrix x = separated(800, 5, 8);
        // One centroid amid the rows, the others farther from all of them than it is.
        Matrix start(8, 5);
        start(0, 0) = 350.0F;
        for (Index k = 1; k < 8; ++k)
            start(k, 1) = static_cast<float>(10000 * k);
        const KMeansResult result = kMeans(x.view(), {.count = 8, .revival = Revival::None},
                                           RunContext(), {}, start.view());
        QCOMPARE(result.revived, Index{0});
        QCOMPARE(std::ranges::count(result.counts, 0U), 7);
        const KMeansResult revived = kMeans(x.view(), {.count = 8}, RunContext(), {}, start.view());
        QCOMPARE(std::ranges::count(revived.counts, 0U), 0);
    }

    // One centroid at a lone row far away, and one at each cluster but the last two, which share.
    void rareCellsAreRevived() {
        Matrix x = separated(800, 5, 8);
        x(0, 1) = 30.0F;
        Matrix start(8, 5);
        for (Index k = 0; k < 7; ++k)
            start(k, 0) = static_cast<float>(100 * k);
        std::ranges::copy(x.view().row(0), start.span().row(7).begin());
        const KMeansParameters parameters{.count = 8, .revival = Revival::Empty};
        const KMeansResult empty = kMeans(x.view(), parameters, RunContext(), {}, start.view());
        QCOMPARE(empty.counts[7], std::uint64_t{1});
        KMeansParameters rareToo = parameters;
        rareToo.revival = Revival::Rare;
        const KMeansResult rare = kMeans(x.view(), rareToo, RunContext(), {}, start.view());
        QCOMPARE(rare.counts, std::vector<std::uint64_t>(8, 100));
        QVERIFY(rare.objectives.back() < 0.1 * empty.objectives.back());
    }

    // At the best linear image of the first codebook, what is left of the rows is orthogonal to it:
    // C0^T (S - N C) = 0.
    void linearUpdateIsLeastSquares() {
        constexpr Index dim = 3;
        constexpr Index count = 12;
        const Matrix x = gaussian(500, dim, 21);
        const Matrix start = gaussian(count, dim, 22);
        const KMeansResult result =
            kMeans(x.view(), {.count = count, .iterations = 1, .update = CodebookUpdate::Linear},
                   RunContext(), {}, start.view());
        std::vector<std::uint32_t> codes(500);
        CodewordPanels(start.view()).nearest(x.view(), codes);
        for (Index i = 0; i < dim; ++i) {
            for (Index j = 0; j < dim; ++j) {
                double left = 0.0;
                double size = 0.0;
                for (Index row = 0; row < x.rows(); ++row) {
                    const auto k = static_cast<Index>(codes[static_cast<std::size_t>(row)]);
                    const double from = static_cast<double>(start(k, i));
                    left += from * static_cast<double>(x(row, j) - result.centroids(k, j));
                    size += std::abs(from * static_cast<double>(x(row, j)));
                }
                QVERIFY2(std::abs(left) < 1e-5 * size, qPrintable(QString::number(left / size)));
            }
        }
    }

    void linearUpdatesNeverRaiseTheObjective() {
        const Matrix x = gaussian(3000, 4, 23);
        const KMeansResult result =
            kMeans(x.view(), {.count = 64, .update = CodebookUpdate::Linear}, RunContext(3));
        QVERIFY(result.objectives.size() > 2);
        for (std::size_t i = 1; i < result.objectives.size(); ++i)
            QVERIFY(result.objectives[i] <= result.objectives[i - 1] * (1.0 + 1e-6));
        QVERIFY(result.objectives.back() < result.objectives.front());
        QCOMPARE(result.revived, Index{0});
    }

    void revivalCutsTheWorstCellThroughItsMean() {
        // Cell 0: a long line along the second axis; cell 1: a tight pair; cell 2: nothing.
        Matrix x(6, 2);
        const float line[] = {-9.0F, -7.0F, 6.0F, 10.0F};
        for (Index row = 0; row < 4; ++row)
            x(row, 1) = line[row];
        x(4, 0) = 100.0F;
        x(5, 0) = 101.0F;
        const std::vector<std::uint32_t> codes{0, 0, 0, 0, 1, 1};
        Matrix centroids(3, 2);
        centroids(1, 0) = 100.5F;
        QCOMPARE(reviveEmptyCells(x.view(), {}, codes, centroids.span(), {}), Index{1});
        std::set<float> ends{centroids(0, 1), centroids(2, 1)};
        QCOMPARE(ends, (std::set<float>{-8.0F, 8.0F}));
        QCOMPARE(centroids(1, 0), 100.5F);
    }

    void fewerDifferentRowsThanCentroids() {
        Matrix x(90, 3);
        for (Index row = 0; row < 90; ++row)
            x(row, 1) = static_cast<float>(row % 5);
        const KMeansResult result = kMeans(x.view(), {.count = 12}, RunContext(2));
        QCOMPARE(result.objectives.back(), 0.0);
        QCOMPARE(std::ranges::count(result.counts, 18U), 5);
        for (Index i = 0; i < result.centroids.view().size(); ++i) {
            QVERIFY(std::isfinite(result.centroids.data()[i]));
        }
    }

    void sameBitsAtAnyThreadCount_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<int>("count");
        QTest::newRow("short vectors") << 20000 << 4 << 64;
        QTest::newRow("long vectors") << 1500 << 96 << 40;
        QTest::newRow("revivals") << 3000 << 2 << 1200;
    }
    void sameBitsAtAnyThreadCount() {
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(int, count);
        const Matrix x = gaussian(rows, cols, 11);
        std::vector<KMeansResult> results;
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                results.push_back(
                    kMeans(x.view(), {.count = count, .iterations = 6}, RunContext(12)));
            });
        }
        for (const KMeansResult& result : results) {
            QVERIFY(sameBits(result.centroids, results.front().centroids));
            QCOMPARE(result.objectives, results.front().objectives);
            QCOMPARE(result.counts, results.front().counts);
        }
    }

    void otherSeedsGiveOtherResults() {
        const Matrix x = gaussian(2000, 4, 13);
        const KMeansResult a = kMeans(x.view(), {.count = 32, .iterations = 5}, RunContext(1));
        const KMeansResult b = kMeans(x.view(), {.count = 32, .iterations = 5}, RunContext(2));
        QVERIFY(!sameBits(a.centroids, b.centroids));
    }

    void stopsEarly() {
        const Matrix x = separated(800, 5, 8);
        const KMeansResult result =
            kMeans(x.view(), {.count = 8, .iterations = 1000}, RunContext(1));
        QVERIFY(result.iterations() < 50);
    }

    void cancelsPromptly_data() {
        QTest::addColumn<int>("iterations");
        QTest::newRow("before it iterates") << 0;
        QTest::newRow("while it iterates") << 3;
    }
    void cancelsPromptly() {
        QFETCH(int, iterations);
        const Matrix x = gaussian(60000, 32, 14);
        std::stop_source source;
        QElapsedTimer sinceStop;
        const auto stop = [&] {
            sinceStop.start();
            source.request_stop();
        };
        int reported = 0;
        const RunContext context(1, source.get_token(), [&](double, std::string_view) {
            if (++reported == iterations) stop();
        });
        std::jthread canceller([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            if (iterations == 0) stop();
        });
        const KMeansParameters parameters{.count = 1024, .iterations = 10000, .relativeGain = 0.0};
        QVERIFY_THROWS_EXCEPTION(Cancelled, kMeans(x.view(), parameters, context));
        canceller.join();
        QVERIFY2(sinceStop.elapsed() < 200, qPrintable(QString::number(sinceStop.elapsed())));
    }

    void reportsProgress() {
        const Matrix x = gaussian(500, 2, 15);
        double last = 0.0;
        const RunContext context(1, {}, [&](double fraction, std::string_view) {
            QVERIFY(fraction > last && fraction <= 1.0);
            last = fraction;
        });
        kMeans(x.view(), {.count = 8, .iterations = 5, .relativeGain = 0.0}, context);
        QCOMPARE(last, 1.0);
    }
};

QTEST_APPLESS_MAIN(TestKMeans)
#include "tst_kmeans.moc"
