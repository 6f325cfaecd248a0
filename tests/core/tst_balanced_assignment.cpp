// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <functional>
#include <limits>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/kernels/balanced_assignment.h"

using namespace quantscope;

namespace {

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
    Random random(seed);
    Matrix values(rows, cols);
    for (Index i = 0; i < values.view().size(); ++i)
        values.data()[i] = static_cast<float>(random.normal());
    return values;
}

double squaredDistance(const Matrix& x, Index row, const Matrix& centroids, Index k) {
    double sum = 0.0;
    for (Index j = 0; j < x.cols(); ++j) {
        const double difference =
            static_cast<double>(x(row, j)) - static_cast<double>(centroids(k, j));
        sum += difference * difference;
    }
    return sum;
}

double costOf(const Matrix& x, const Matrix& centroids, const std::vector<std::uint32_t>& codes) {
    double cost = 0.0;
    for (Index row = 0; row < x.rows(); ++row) {
        cost += squaredDistance(x, row, centroids,
                                static_cast<Index>(codes[static_cast<std::size_t>(row)]));
    }
    return cost;
}

std::vector<Index> countsOf(const std::vector<std::uint32_t>& codes, Index codewords) {
    std::vector<Index> counts(static_cast<std::size_t>(codewords));
    for (const std::uint32_t code : codes)
        ++counts[code];
    return counts;
}

// The least cost of giving every codeword the same number of rows: all ways are tried.
double leastBalancedCost(const Matrix& x, const Matrix& centroids) {
    const Index each = x.rows() / centroids.rows();
    std::vector<Index> room(static_cast<std::size_t>(centroids.rows()), each);
    double least = std::numeric_limits<double>::infinity();
    const std::function<void(Index, double)> deal = [&](Index row, double cost) {
        if (cost >= least) return;
        if (row == x.rows()) {
            least = cost;
            return;
        }
        for (Index k = 0; k < centroids.rows(); ++k) {
            auto& left = room[static_cast<std::size_t>(k)];
            if (left == 0) continue;
            --left;
            deal(row + 1, cost + squaredDistance(x, row, centroids, k));
            ++left;
        }
    };
    deal(0, 0.0);
    return least;
}

}  // namespace

class TestBalancedAssignment : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // At a low temperature: exactly balanced, and at the least cost there is.
    void smallCasesAreBalancedAtTheLeastCost() {
        for (std::uint64_t seed = 1; seed <= 12; ++seed) {
            const Index codewords = 2 + static_cast<Index>(seed % 3);
            const Matrix x = gaussian(12, 3, seed);
            // All to one side, so that the nearest codeword is the same for most.
            Matrix centroids = gaussian(codewords, 3, 100 + seed);
            for (Index k = 1; k < codewords; ++k)
                centroids(k, 0) += 2.0F;
            BalancedAssignment balance(codewords,
                                       {.temperature = 0.01, .rounds = 3000, .tolerance = 0.0});
            std::vector<std::uint32_t> codes(12);
            balance.assign(x.view(), centroids.view(), 1.0, codes, {});
            QCOMPARE(countsOf(codes, codewords),
                     std::vector<Index>(static_cast<std::size_t>(codewords), 12 / codewords));
            const double least = leastBalancedCost(x, centroids);
            QVERIFY2(costOf(x, centroids, codes) <= least * (1.0 + 1e-5),
                     qPrintable(QString::number(costOf(x, centroids, codes) / least)));
        }
    }

    // Few warm rounds, as in training, come near; what the nearest codeword would do does not.
    void manyRowsAreNearlyBalanced() {
        const Matrix x = gaussian(20000, 4, 3);
        Matrix centroids = gaussian(64, 4, 4);
        std::vector<std::uint32_t> codes(20000);
        BalancedAssignment balance(64);
        for (int round = 0; round < 8; ++round)
            balance.assign(x.view(), centroids.view(), 1.0, codes, {});
        const std::vector<Index> counts = countsOf(codes, 64);
        const auto [fewest, most] = std::ranges::minmax_element(counts);
        QVERIFY2(*fewest > 200 && *most < 450,
                 qPrintable(QStringLiteral("%1 to %2").arg(*fewest).arg(*most)));
    }

    // On a grid of 1/256, so that moving rows and codewords rounds nothing.
    void theOriginDoesNotMatter() {
        Matrix x = gaussian(4096, 4, 7);
        Matrix centroids = gaussian(32, 4, 8);
        const auto move = [](Matrix& values, float by) {
            for (Index i = 0; i < values.view().size(); ++i)
                values.data()[i] = std::round(values.data()[i] * 256.0F) / 256.0F + by;
        };
        std::vector<std::vector<std::uint32_t>> codes;
        for (const float by : {0.0F, 4096.0F}) {
            move(x, by);
            move(centroids, by);
            BalancedAssignment balance(32);
            codes.emplace_back(4096);
            balance.assign(x.view(), centroids.view(), 0.3, codes.back(), {});
        }
        std::size_t same = 0;
        for (std::size_t row = 0; row < 4096; ++row)
            same += codes[0][row] == codes[1][row] ? 1 : 0;
        QVERIFY2(same > 4080, qPrintable(QString::number(same)));
    }

    void farCodewordsAreReached() {
        const Matrix x = gaussian(1000, 2, 5);
        Matrix centroids = gaussian(8, 2, 6);
        centroids(7, 0) = 1000.0F;
        BalancedAssignment balance(8, {.temperature = 0.1, .rounds = 4000});
        std::vector<std::uint32_t> codes(1000);
        balance.assign(x.view(), centroids.view(), 1e4, codes, {});
        QVERIFY(countsOf(codes, 8)[7] > 60);
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix x = gaussian(30000, 5, 7);
        const Matrix centroids = gaussian(100, 5, 8);
        std::vector<std::uint32_t> expected(30000);
        BalancedAssignment(100).assign(x.view(), centroids.view(), 0.5, expected, {});
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            arena.execute([&] {
                std::vector<std::uint32_t> codes(30000);
                BalancedAssignment(100).assign(x.view(), centroids.view(), 0.5, codes, {});
                QCOMPARE(codes, expected);
            });
        }
    }
};

QTEST_APPLESS_MAIN(TestBalancedAssignment)
#include "tst_balanced_assignment.moc"
