// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <array>
#include <cmath>

#include "core/base/random.h"

using namespace quantscope;

class RandomTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void streamsRepeatAndDiffer() {
        Random a(1, 2);
        Random same(1, 2);
        Random otherBlock(1, 3);
        Random otherSeed(2, 2);
        int equalToBlock = 0;
        int equalToSeed = 0;
        for (int i = 0; i < 1000; ++i) {
            const std::uint64_t value = a();
            QCOMPARE(same(), value);
            equalToBlock += otherBlock() == value ? 1 : 0;
            equalToSeed += otherSeed() == value ? 1 : 0;
        }
        QCOMPARE(equalToBlock, 0);
        QCOMPARE(equalToSeed, 0);
    }

    void normalHasTheMomentsOfAGaussian() {
        constexpr int n = 1'000'000;
        Random random(11);
        std::array<double, 5> moments{};
        for (int i = 0; i < n; ++i) {
            const double x = random.normal();
            double power = 1.0;
            for (std::size_t k = 1; k < moments.size(); ++k)
                moments[k] += (power *= x);
        }
        for (double& moment : moments)
            moment /= n;
        // Five standard errors of each estimate.
        QVERIFY(std::abs(moments[1]) < 5 * std::sqrt(1.0 / n));
        QVERIFY(std::abs(moments[2] - 1.0) < 5 * std::sqrt(2.0 / n));
        QVERIFY(std::abs(moments[3]) < 5 * std::sqrt(15.0 / n));
        QVERIFY(std::abs(moments[4] - 3.0) < 5 * std::sqrt(96.0 / n));
    }

    void belowIsUniform() {
        constexpr Index sides = 7;
        constexpr int n = 700'000;
        std::array<int, sides> counts{};
        Random random(3);
        for (int i = 0; i < n; ++i)
            ++counts[static_cast<std::size_t>(random.below(sides))];
        double chiSquared = 0.0;
        for (const int count : counts) {
            const double expected = static_cast<double>(n) / sides;
            chiSquared += (count - expected) * (count - expected) / expected;
        }
        QVERIFY2(chiSquared < 22.46,
                 "chi-squared above the 0.999 quantile for 6 degrees of freedom");
    }

    void uniformStaysBelowOne() {
        Random random(5);
        double sum = 0.0;
        for (int i = 0; i < 100'000; ++i) {
            const double u = random.uniform();
            QVERIFY(u >= 0.0 && u < 1.0);
            sum += u;
        }
        QVERIFY(std::abs(sum / 100'000 - 0.5) < 5 * std::sqrt(1.0 / 12 / 100'000));
    }
};

QTEST_APPLESS_MAIN(RandomTest)
#include "tst_random.moc"
