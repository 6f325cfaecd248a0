// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>
#include <numeric>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/kernels/cell_sums.h"
#include "core/kernels/centroid_groups.h"
#include "core/kernels/nearest.h"
#include "core/kernels/pruned_assignment.h"
#include "kernel_targets.h"

using namespace quantscope;

namespace {

// Rows around `clusters` centers, whose deviation is `spread`; none for 0 clusters.
Matrix clustered(Index rows, Index cols, Index clusters, double spread, double center = 0.0) {
    Random random(4);
    Matrix centers(std::max<Index>(clusters, 1), cols);
    for (Index i = 0; i < centers.view().size(); ++i)
        centers.data()[i] = static_cast<float>(center + spread * random.normal());
    Matrix x(rows, cols);
    for (Index row = 0; row < rows; ++row) {
        const Index cluster = random.below(centers.rows());
        for (Index j = 0; j < cols; ++j)
            x(row, j) = centers(cluster, j) + static_cast<float>(random.normal());
    }
    return x;
}

Matrix firstRows(const Matrix& x, Index count) {
    Matrix rows(count, x.cols());
    std::copy_n(x.data(), rows.view().size(), rows.data());
    return rows;
}

void moveToMeans(const Matrix& x, const std::vector<std::uint32_t>& codes, Matrix& centroids) {
    const CellSums sums = sumCells(x.view(), codes, {}, centroids.rows(), {});
    for (Index k = 0; k < centroids.rows(); ++k) {
        const auto count = static_cast<double>(sums.counts[static_cast<std::size_t>(k)]);
        if (count == 0.0) continue;
        for (Index j = 0; j < centroids.cols(); ++j) {
            centroids(k, j) = static_cast<float>(
                sums.rows[static_cast<std::size_t>(k * centroids.cols() + j)] / count);
        }
    }
}

}  // namespace

class TestPrunedAssignment : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsTheFullSearch_data() {
        QTest::addColumn<qint64>("target");
        QTest::addColumn<int>("cols");
        QTest::addColumn<int>("count");
        QTest::addColumn<int>("clusters");
        QTest::addColumn<double>("center");
        for (const std::int64_t target : kernelTargets()) {
            const char* const name = hwy::TargetName(target);
            QTest::addRow("%s, clusters", name) << qint64{target} << 40 << 100 << 30 << 0.0;
            QTest::addRow("%s, no clusters", name) << qint64{target} << 32 << 130 << 0 << 0.0;
            QTest::addRow("%s, far off", name) << qint64{target} << 40 << 100 << 30 << 5000.0;
            QTest::addRow("%s, large groups", name) << qint64{target} << 33 << 1100 << 50 << 0.0;
            QTest::addRow("%s, one group", name) << qint64{target} << 64 << 20 << 5 << 0.0;
            QTest::addRow("%s, short rows", name) << qint64{target} << 8 << 100 << 30 << 0.0;
        }
    }
    void equalsTheFullSearch() {
        QFETCH(qint64, target);
        QFETCH(int, cols);
        QFETCH(int, count);
        QFETCH(int, clusters);
        QFETCH(double, center);
        const ForcedTarget forced(target);
        // More than one chunk of rows, the last not full.
        const Matrix x = clustered(5003, cols, clusters, 3.0, center);
        Matrix centroids = firstRows(x, count);
        PrunedAssignment assignment(x.view(), count);
        std::vector<std::uint32_t> pruned(5003);
        std::vector<std::uint32_t> full(5003);
        for (int call = 0; call < 12; ++call) {
            assignment.assign(centroids.view(), pruned, {});
            assignRows(CodewordPanels(centroids.view()), x.view(), full, {});
            QVERIFY(pruned == full);
            moveToMeans(x, full, centroids);
            // As when an empty cell is revived.
            if (call == 6) std::ranges::copy(x.view().row(4000), centroids.span().row(3).begin());
        }
    }

    void leavesOutMostDistancesBetweenClusters() {
        const Matrix x = clustered(6000, 64, 50, 5.0);
        Matrix centroids = firstRows(x, 256);
        PrunedAssignment assignment(x.view(), 256);
        std::vector<std::uint32_t> codes(6000);
        for (int call = 0; call < 10; ++call) {
            assignment.assign(centroids.view(), codes, {});
            moveToMeans(x, codes, centroids);
        }
        QVERIFY2(assignment.computedShare() < 0.4,
                 qPrintable(QString::number(assignment.computedShare())));
    }

    void computesAllWhereBoundsDoNotHelp() {
        const Matrix x = clustered(3000, 64, 0, 0.0);
        PrunedAssignment assignment(x.view(), 256);
        std::vector<std::uint32_t> codes(3000);
        Random random(3);
        Matrix centroids(256, 64);
        for (int call = 0; call < 3; ++call) {
            for (Index i = 0; i < centroids.view().size(); ++i)
                centroids.data()[i] = static_cast<float>(random.normal());
            assignment.assign(centroids.view(), codes, {});
        }
        QCOMPARE(assignment.computedShare(), 1.0);
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix x = clustered(20000, 48, 40, 3.0);
        std::vector<std::vector<std::uint32_t>> results;
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                Matrix centroids = firstRows(x, 150);
                PrunedAssignment assignment(x.view(), 150);
                std::vector<std::uint32_t> codes(20000);
                for (int call = 0; call < 5; ++call) {
                    assignment.assign(centroids.view(), codes, {});
                    moveToMeans(x, codes, centroids);
                }
                results.push_back(codes);
            });
        }
        QVERIFY(results[1] == results[0]);
        QVERIFY(results[2] == results[0]);
    }

    // Ten bundles of four points each, far apart and out of order.
    void groupsHoldNeighbours() {
        Matrix points(40, 3);
        for (Index i = 0; i < 40; ++i) {
            points(i, 0) = static_cast<float>(i % 10 * 100);
            points(i, 1) = static_cast<float>(i);
        }
        const std::vector<std::uint32_t> order = groupedOrder(points.view(), 4, {});
        QCOMPARE(order.size(), std::size_t{40});
        std::vector<std::uint32_t> sorted = order;
        std::ranges::sort(sorted);
        for (std::uint32_t i = 0; i < 40; ++i) {
            QCOMPARE(sorted[i], i);
            QCOMPARE(order[i] % 10, order[i / 4 * 4] % 10);
        }
    }

    void sumsMatchThePlainLoop_data() {
        QTest::addColumn<qint64>("target");
        QTest::addColumn<int>("cols");
        QTest::addColumn<bool>("weighted");
        for (const std::int64_t target : kernelTargets()) {
            for (const int cols : {1, 8, 19, 127, 128, 150}) {
                QTest::addRow("%s, %d columns", hwy::TargetName(target), cols)
                    << qint64{target} << cols << false;
                QTest::addRow("%s, %d columns, weights", hwy::TargetName(target), cols)
                    << qint64{target} << cols << true;
            }
        }
    }
    void sumsMatchThePlainLoop() {
        QFETCH(qint64, target);
        QFETCH(int, cols);
        QFETCH(bool, weighted);
        const ForcedTarget forced(target);
        constexpr Index rows = 1000;
        constexpr Index count = 12;
        Random random(6);
        // Integers, so that every order of summation gives the same bits.
        Matrix x(rows, cols);
        for (Index i = 0; i < x.view().size(); ++i)
            x.data()[i] = static_cast<float>(random.below(100));
        std::vector<std::uint32_t> codes;
        std::vector<float> weights;
        std::vector<double> sums(static_cast<std::size_t>(count * cols));
        std::vector<double> masses(count);
        std::vector<std::uint64_t> counts(count);
        for (Index row = 0; row < rows; ++row) {
            codes.push_back(static_cast<std::uint32_t>(random.below(count)));
            const auto weight = weighted ? static_cast<float>(random.below(4)) : 1.0F;
            if (weighted) weights.push_back(weight);
            masses[codes.back()] += static_cast<double>(weight);
            ++counts[codes.back()];
            for (Index j = 0; j < cols; ++j) {
                sums[static_cast<std::size_t>(codes.back() * cols + j)] +=
                    static_cast<double>(weight) * static_cast<double>(x(row, j));
            }
        }
        const CellSums result = sumCells(x.view(), codes, weights, count, {});
        QCOMPARE(result.rows, sums);
        QCOMPARE(result.masses, masses);
        QCOMPARE(result.counts, counts);
    }
};

QTEST_APPLESS_MAIN(TestPrunedAssignment)
#include "tst_pruned_assignment.moc"
