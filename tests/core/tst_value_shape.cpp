// SPDX-License-Identifier: GPL-3.0-or-later
// Against closed forms and sums over the definition.
#include <QtTest>
#include <cmath>
#include <numbers>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/tensor/value_shape.h"

using namespace quantscope;

namespace {

Matrix gaussian(Index rows, Index cols, std::uint64_t seed = 1) {
    Random random(seed);
    Matrix values(rows, cols);
    for (Index i = 0; i < values.view().size(); ++i)
        values.data()[i] = static_cast<float>(random.normal());
    return values;
}

double largestOf(const Matrix& x) {
    double largest = 0.0;
    for (Index i = 0; i < x.view().size(); ++i)
        largest = std::max(largest, std::abs(static_cast<double>(x.data()[i])));
    return largest;
}

}  // namespace

class TestValueShape : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void followsTheFormulas() {
        Matrix x(2, 2);
        std::ranges::copy(std::vector<float>{1.0F, -1.0F, 1.0F, 3.0F}, x.data());
        const ValueShape shape = valueShape(x.view(), {});
        QCOMPARE(shape.incoherence, 3.0 * std::sqrt(4.0 / 12.0));
        // Mean 1, offsets 0, -2, 0, 2.
        QCOMPARE(shape.kurtosis, 4.0 * 32.0 / 64.0);
        QVERIFY(!shape.spaceUtilization);
    }

    void knowsGaussians() {
        const ValueShape shape = valueShape(gaussian(2000, 500).view(), {});
        QVERIFY2(std::abs(shape.kurtosis - 3.0) < 0.03,
                 qPrintable(QString::number(shape.kurtosis)));
        // Extreme value theory: sqrt(2 ln n) = 5.26 for the largest of a million, less a little.
        QVERIFY2(shape.incoherence > 4.5 && shape.incoherence < 5.8,
                 qPrintable(QString::number(shape.incoherence)));
    }

    // 0.99-quantiles of chi-squared from tables; volume of the unit ball pi^(d/2) / Gamma(d/2 + 1).
    void utilizesTheCube_data() {
        QTest::addColumn<int>("cols");
        QTest::addColumn<double>("quantile");
        QTest::addColumn<double>("ball");
        QTest::newRow("1") << 1 << 6.6349 << 2.0;
        QTest::newRow("2") << 2 << 9.2103 << std::numbers::pi;
        QTest::newRow("4") << 4 << 13.2767 << std::pow(std::numbers::pi, 2) / 2.0;
        QTest::newRow("16") << 16 << 31.9999 << std::pow(std::numbers::pi, 8) / 40320.0;
        // Two runs, each of 16.
        QTest::newRow("32") << 32 << 31.9999 << std::pow(std::numbers::pi, 8) / 40320.0;
    }
    void utilizesTheCube() {
        QFETCH(int, cols);
        QFETCH(double, quantile);
        QFETCH(double, ball);
        // Independent columns of sizes that differ: the root of the determinant is their product.
        Matrix x = gaussian(20000, cols, 7);
        double logSizes = 0.0;
        for (Index c = 0; c < cols; ++c) {
            const double size = std::exp2(-static_cast<double>(c % 5));
            logSizes += std::log(size) / cols;
            for (Index r = 0; r < x.rows(); ++r)
                x(r, c) = static_cast<float>(10.0 + size * static_cast<double>(x(r, c)));
        }
        const double dims = std::min(cols, 16);
        const double expected = std::exp(logSizes) * std::sqrt(quantile) *
                                std::pow(ball, 1.0 / dims) / (2.0 * largestOf(x));
        const double found = valueShape(x.view(), {}).spaceUtilization.value();
        QVERIFY2(std::abs(found / expected - 1.0) < 0.01,
                 qPrintable(QString("%1 instead of %2").arg(found).arg(expected)));
    }

    // A rotation keeps the determinant: only the cube changes.
    void turnsWithTheAxes() {
        Matrix x = gaussian(5000, 2, 3);
        Matrix turned(5000, 2);
        for (Index r = 0; r < 5000; ++r) {
            x(r, 1) *= 0.1F;
            turned(r, 0) = (x(r, 0) + x(r, 1)) * std::numbers::sqrt2_v<float> / 2.0F;
            turned(r, 1) = (x(r, 0) - x(r, 1)) * std::numbers::sqrt2_v<float> / 2.0F;
        }
        const double before = valueShape(x.view(), {}).spaceUtilization.value();
        const double after = valueShape(turned.view(), {}).spaceUtilization.value();
        QVERIFY(std::abs(after / before / (largestOf(x) / largestOf(turned)) - 1.0) < 1e-5);
    }

    void handlesFlatAndEmptyMatrices() {
        const ValueShape zeros = valueShape(Matrix(40, 20).view(), {});
        QCOMPARE(zeros.incoherence, 0.0);
        QCOMPARE(zeros.kurtosis, 0.0);
        QCOMPARE(zeros.spaceUtilization.value(), 0.0);
        Matrix flat = gaussian(40, 20);
        for (Index r = 0; r < 40; ++r)
            flat(r, 3) = flat(r, 2);
        QCOMPARE(valueShape(flat.view(), {}).spaceUtilization.value(), 0.0);
        QVERIFY(!valueShape(gaussian(16, 20).view(), {}).spaceUtilization);
        QVERIFY(valueShape(gaussian(17, 20).view(), {}).spaceUtilization.value() > 0.0);
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix x = gaussian(3000, 100, 5);
        std::vector<ValueShape> shapes;
        for (const int threads : {1, 2, 8}) {
            Arena(threads).execute([&] { shapes.push_back(valueShape(x.view(), {})); });
        }
        for (const ValueShape& shape : shapes) {
            QVERIFY(shape.incoherence == shapes[0].incoherence);
            QVERIFY(shape.kurtosis == shapes[0].kurtosis);
            QVERIFY(shape.spaceUtilization == shapes[0].spaceUtilization);
        }
    }
};

QTEST_APPLESS_MAIN(TestValueShape)
#include "tst_value_shape.moc"
