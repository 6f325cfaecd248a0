// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/random.h"
#include "core/kernels/nearest.h"
#include "kernel_targets.h"

using namespace quantscope;

namespace {

// Rows with a stride larger than their length, as slices of wider rows have.
struct Rows {
    std::vector<float> values;
    MatrixView view;

    template <typename Draw>
    Rows(Index rows, Index cols, Draw draw) : values(static_cast<std::size_t>(rows * (cols + 3))) {
        for (float& value : values)
            value = static_cast<float>(draw());
        view = MatrixView(values.data(), rows, cols, cols + 3);
    }
};

double squaredDistance(MatrixView x, Index row, MatrixView codewords, Index k) {
    double sum = 0.0;
    for (Index j = 0; j < x.cols; ++j) {
        const double difference =
            static_cast<double>(x(row, j)) - static_cast<double>(codewords(k, j));
        sum += difference * difference;
    }
    return sum;
}

std::vector<CodewordMatch> allPairs(MatrixView x, MatrixView codewords) {
    std::vector<CodewordMatch> pairs;
    for (Index row = 0; row < x.rows; ++row) {
        for (Index k = 0; k < codewords.rows; ++k) {
            pairs.push_back({static_cast<float>(squaredDistance(x, row, codewords, k)),
                             static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(k)});
        }
    }
    std::ranges::sort(pairs, {}, [](const CodewordMatch& pair) {
        return std::tuple(pair.squaredDistance, pair.row, pair.codeword);
    });
    return pairs;
}

void addShapes() {
    QTest::addColumn<qint64>("target");
    QTest::addColumn<int>("dim");
    QTest::addColumn<int>("count");
    for (const std::int64_t target : kernelTargets()) {
        for (const int dim : {1, 2, 3, 4, 7, 8, 16, 17, 50, 64, 200}) {
            for (const int count : {1, 2, 5, 16, 31, 33, 100, 256, 300}) {
                QTest::addRow("%s, %d codewords in %d dimensions", hwy::TargetName(target), count,
                              dim)
                    << qint64{target} << dim << count;
            }
        }
    }
}

}  // namespace

class TestNearest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Small integers are exact in every order of summation, so index and ties must be exact too.
    void integersMatchTheOracleExactly_data() { addShapes(); }
    void integersMatchTheOracleExactly() {
        QFETCH(qint64, target);
        QFETCH(int, dim);
        QFETCH(int, count);
        const ForcedTarget forced(target);
        Random random(7);
        const auto digit = [&] { return random.below(5); };
        const Rows x(75, dim, digit);
        const Rows codewords(count, dim, digit);
        const CodewordPanels panels(codewords.view);
        std::vector<std::uint32_t> codes(75);
        std::vector<float> distances(75);
        panels.nearest(x.view, codes, distances);
        for (Index row = 0; row < x.view.rows; ++row) {
            const MatrixView one = x.view.middleRows(row, 1);
            const CodewordMatch best = allPairs(one, codewords.view).front();
            QCOMPARE(codes[static_cast<std::size_t>(row)], best.codeword);
            QCOMPARE(distances[static_cast<std::size_t>(row)], best.squaredDistance);
        }
    }

    void integerPairsMatchTheOracleExactly_data() { addShapes(); }
    void integerPairsMatchTheOracleExactly() {
        QFETCH(qint64, target);
        QFETCH(int, dim);
        QFETCH(int, count);
        const ForcedTarget forced(target);
        Random random(8);
        const auto digit = [&] { return random.below(4); };
        const Rows x(11, dim, digit);
        const Rows codewords(count, dim, digit);
        const CodewordPanels panels(codewords.view);
        const std::vector<CodewordMatch> expected = allPairs(x.view, codewords.view);
        for (const std::size_t size : {std::size_t{1}, std::size_t{5}, std::size_t{11}}) {
            std::vector<CodewordMatch> best(size);
            panels.nearestPairs(x.view, x.view.rows, best);
            QVERIFY(std::ranges::equal(best, std::span(expected).first(size)));
        }
    }

    // Groups share register blocks, but nothing else.
    void groupsKeepTheirPairsApart_data() { addShapes(); }
    void groupsKeepTheirPairsApart() {
        QFETCH(qint64, target);
        QFETCH(int, dim);
        QFETCH(int, count);
        const ForcedTarget forced(target);
        Random random(10);
        const auto digit = [&] { return random.below(4); };
        const Rows x(30, dim, digit);
        const Rows codewords(count, dim, digit);
        const CodewordPanels panels(codewords.view);
        for (const auto& [groupRows, each] : {std::pair<Index, Index>{1, 1}, {3, 3}, {5, 2}}) {
            std::vector<CodewordMatch> best(static_cast<std::size_t>(30 / groupRows * each));
            panels.nearestPairs(x.view, groupRows, best);
            auto found = best.begin();
            for (Index first = 0; first < 30; first += groupRows, found += each) {
                const auto expected = allPairs(x.view.middleRows(first, groupRows), codewords.view);
                QVERIFY(std::equal(found, found + each, expected.begin()));
            }
        }
    }

    // Far from the origin, |c|^2 / 2 - x.c would lose all digits without the offset.
    void realsFarFromTheOriginMatchTheOracle_data() { addShapes(); }
    void realsFarFromTheOriginMatchTheOracle() {
        QFETCH(qint64, target);
        QFETCH(int, dim);
        QFETCH(int, count);
        const ForcedTarget forced(target);
        Random random(9);
        const auto gauss = [&] { return 5000.0 + random.normal(); };
        const Rows x(23, dim, gauss);
        const Rows codewords(count, dim, gauss);
        const CodewordPanels panels(codewords.view);
        std::vector<std::uint32_t> codes(23);
        std::vector<float> distances(23);
        panels.nearest(x.view, codes, distances);
        for (Index row = 0; row < x.view.rows; ++row) {
            const auto code = static_cast<Index>(codes[static_cast<std::size_t>(row)]);
            QVERIFY(code < count);
            double best = std::numeric_limits<double>::infinity();
            for (Index k = 0; k < count; ++k) {
                best = std::min(best, squaredDistance(x.view, row, codewords.view, k));
            }
            const double chosen = squaredDistance(x.view, row, codewords.view, code);
            QVERIFY(chosen <= best * (1.0 + 1e-6) + 1e-6 * dim);
            const auto reported = static_cast<double>(distances[static_cast<std::size_t>(row)]);
            QVERIFY(std::abs(reported - chosen) <= 1e-5 * chosen);
        }
    }

    // 12 bits on one dimension: neighbouring codewords differ by less than the rounding of
    // products.
    void fineScalarCodebooks_data() {
        QTest::addColumn<qint64>("target");
        for (const std::int64_t target : kernelTargets()) {
            QTest::addRow("%s", hwy::TargetName(target)) << qint64{target};
        }
    }
    void fineScalarCodebooks() {
        QFETCH(qint64, target);
        const ForcedTarget forced(target);
        constexpr Index count = 4096;
        Matrix codewords(count, 1);
        for (Index k = 0; k < count; ++k) {
            codewords(k, 0) = 3.0F + static_cast<float>(k) / 65536.0F;
        }
        const CodewordPanels panels(codewords.view());
        Random random(1);
        Matrix x(500, 1);
        std::vector<std::uint32_t> codes(500);
        for (Index row = 0; row < x.rows(); ++row) {
            x(row, 0) = 3.0F + static_cast<float>(random.uniform() * count / 65536.0);
        }
        panels.nearest(x.view(), codes);
        for (Index row = 0; row < x.rows(); ++row) {
            const double position = (static_cast<double>(x(row, 0)) - 3.0) * 65536.0;
            const double expected = std::clamp(std::round(position), 0.0, count - 1.0);
            if (std::abs(position - std::floor(position) - 0.5) < 0.01) continue;
            QCOMPARE(static_cast<double>(codes[static_cast<std::size_t>(row)]), expected);
        }
    }

    void rowsThatAreNotFiniteGetSomeCode() {
        for (const std::int64_t target : kernelTargets()) {
            const ForcedTarget forced(target);
            Matrix codewords(5, 4);
            const CodewordPanels panels(codewords.view());
            Matrix x(3, 4);
            x(0, 1) = std::numeric_limits<float>::quiet_NaN();
            x(1, 2) = std::numeric_limits<float>::infinity();
            x(2, 0) = std::numeric_limits<float>::max();
            std::vector<std::uint32_t> codes(3, 77);
            panels.nearest(x.view(), codes);
            for (const std::uint32_t code : codes)
                QVERIFY(code < 5);
            std::vector<CodewordMatch> best(4, CodewordMatch{0.0F, 77, 77});
            panels.nearestPairs(x.view(), x.rows(), best);
            for (const CodewordMatch& match : best) {
                QVERIFY(match.row < 3);
                QVERIFY(match.codeword < 5);
            }
        }
    }

    void assignRowsEqualsNearest() {
        Random random(3);
        const auto gauss = [&] { return random.normal(); };
        const Rows x(5003, 8, gauss);
        const Rows codewords(64, 8, gauss);
        const CodewordPanels panels(codewords.view);
        std::vector<std::uint32_t> serial(5003);
        std::vector<std::uint32_t> parallel(5003);
        panels.nearest(x.view, serial);
        assignRows(panels, x.view, parallel, {});
        QVERIFY(serial == parallel);
    }
};

QTEST_APPLESS_MAIN(TestNearest)
#include "tst_nearest.moc"
