// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <vector>

#include "core/base/random.h"
#include "core/kernels/exponentials.h"
#include "core/kernels/product.h"
#include "tests/core/kernel_targets.h"

using namespace quantscope;

namespace {

template <typename T>
std::vector<T> gaussian(Index count, std::uint64_t seed) {
    Random random(seed);
    std::vector<T> values(static_cast<std::size_t>(count));
    for (T& value : values)
        value = static_cast<T>(random.normal());
    return values;
}

template <typename T>
double largestError(const StridedView<T>& a, const StridedView<T>& b, double alpha,
                    const std::vector<T>& before, const std::vector<T>& after) {
    double largest = 0.0;
    for (Index r = 0; r < a.rows; ++r) {
        for (Index c = 0; c < b.cols; ++c) {
            double sum = 0.0;
            for (Index k = 0; k < a.cols; ++k)
                sum += static_cast<double>(a(r, k)) * static_cast<double>(b(k, c));
            const auto at = static_cast<std::size_t>(r * b.cols + c);
            const double expected = static_cast<double>(before[at]) + alpha * sum;
            largest = std::max(largest, std::abs(expected - static_cast<double>(after[at])));
        }
    }
    return largest;
}

template <typename T>
double productError(Index rows, Index depth, Index cols, bool transposedA, bool transposedB) {
    const std::vector<T> a = gaussian<T>(rows * depth, 1);
    const std::vector<T> b = gaussian<T>(depth * cols, 2);
    const std::vector<T> before = gaussian<T>(rows * cols, 3);
    const StridedView<T> left = transposedA
                                    ? StridedView<T>{a.data(), depth, rows, rows, 1}.transposed()
                                    : StridedView<T>{a.data(), rows, depth, depth, 1};
    const StridedView<T> right = transposedB
                                     ? StridedView<T>{b.data(), cols, depth, depth, 1}.transposed()
                                     : StridedView<T>{b.data(), depth, cols, cols, 1};
    std::vector<T> c = before;
    addProduct(T(-0.5), left, right, c.data(), cols);
    return largestError(left, right, -0.5, before, c);
}

}  // namespace

class TestProduct : public QObject {
    Q_OBJECT

private slots:
    void equalsThreeLoops_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("depth");
        QTest::addColumn<int>("cols");
        QTest::newRow("single") << 1 << 1 << 1;
        QTest::newRow("whole blocks") << 12 << 64 << 64;
        QTest::newRow("ragged") << 13 << 37 << 45;
        QTest::newRow("long sums") << 7 << 700 << 9;
        QTest::newRow("nothing to sum") << 3 << 0 << 5;
    }
    void equalsThreeLoops() {
        QFETCH(int, rows);
        QFETCH(int, depth);
        QFETCH(int, cols);
        for (const std::int64_t target : kernelTargets()) {
            const ForcedTarget forced(target);
            for (const bool left : {false, true}) {
                for (const bool right : {false, true}) {
                    // Rounding grows with the root of the number of terms.
                    const double terms = std::sqrt(depth + 1.0);
                    QVERIFY(productError<float>(rows, depth, cols, left, right) < 4e-6 * terms);
                    QVERIFY(productError<double>(rows, depth, cols, left, right) < 1e-14 * terms);
                }
            }
        }
    }

    void cuttingDoesNotChangeBits() {
        constexpr Index rows = 29;
        constexpr Index depth = 300;
        constexpr Index cols = 50;
        const std::vector<float> a = gaussian<float>(rows * depth, 1);
        const std::vector<float> b = gaussian<float>(depth * cols, 2);
        const StridedView<float> left{a.data(), rows, depth, depth, 1};
        const StridedView<float> right{b.data(), depth, cols, cols, 1};
        std::vector<float> whole(rows * cols);
        addProduct(1.0F, left, right, whole.data(), cols);
        std::vector<float> pieces(rows * cols);
        for (Index r = 0; r < rows; r += 5) {
            for (Index c = 0; c < cols; c += 7) {
                const Index high = std::min<Index>(5, rows - r);
                const Index wide = std::min<Index>(7, cols - c);
                addProduct(1.0F, {a.data() + r * depth, high, depth, depth, 1},
                           {b.data() + c, depth, wide, cols, 1}, pieces.data() + r * cols + c,
                           cols);
            }
        }
        QVERIFY(whole == pieces);
    }

    void exponentials() {
        for (const std::int64_t target : kernelTargets()) {
            const ForcedTarget forced(target);
            for (const Index count : {1, 5, 16, 33, 1000}) {
                std::vector<float> x = gaussian<float>(count, 7);
                for (float& value : x)
                    value = 8.0F * value + 60.0F;
                double sum = 0.0;
                for (const float value : x)
                    sum += std::exp(static_cast<double>(value) - 60.0);
                QVERIFY(std::abs(logSumExp(x) - 60.0 - std::log(sum)) < 2e-6);
                std::vector<float> chances = x;
                softmax(chances);
                std::vector<float> gate = gaussian<float>(count, 8);
                const std::vector<float> before = gate;
                multiplySilu(gate, x);
                for (std::size_t i = 0; i < x.size(); ++i) {
                    const double chance = std::exp(static_cast<double>(x[i]) - 60.0) / sum;
                    QVERIFY(std::abs(chances[i] - chance) < 4e-6 * chance + 1e-30);
                    const double g = before[i];
                    const double silu = g / (1.0 + std::exp(-g)) * static_cast<double>(x[i]);
                    QVERIFY(std::abs(gate[i] - silu) < 2e-6 * std::abs(silu) + 1e-12);
                }
            }
        }
    }

    void siluFarFromZero() {
        std::vector<float> gate = {-1000.0F, -90.0F, 0.0F, 90.0F, 1000.0F};
        multiplySilu(gate, std::vector<float>(5, 1.0F));
        QVERIFY(std::abs(gate[0]) < 1e-30F && std::abs(gate[1]) < 1e-30F);
        QCOMPARE(gate[2], 0.0F);
        QCOMPARE(gate[3], 90.0F);
        QCOMPARE(gate[4], 1000.0F);
    }
};

QTEST_GUILESS_MAIN(TestProduct)
#include "tst_product.moc"
