// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Core>
#include <QtTest>
#include <bit>
#include <cmath>

#include "core/base/float16.h"

using namespace quantscope;

// Eigen's half is the oracle.
class TestFloat16 : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyHalfHasItsValue() {
        for (unsigned bits = 0; bits <= 0xFFFF; ++bits) {
            const auto half = static_cast<std::uint16_t>(bits);
            const float expected =
                Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(half));
            const float got = fromFloat16(half);
            if (std::isnan(expected)) {
                QVERIFY(std::isnan(got));
            } else {
                QCOMPARE(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(expected));
                QCOMPARE(toFloat16(got), half);
            }
        }
    }

    void roundsLikeTheStandard() {
        // A stride that is prime to 2^32 visits mantissas and exponents of every kind.
        std::uint32_t bits = 0;
        for (int i = 0; i < 2'000'000; ++i, bits += 2'654'435'761U) {
            const auto value = std::bit_cast<float>(bits);
            if (std::isnan(value)) {
                QVERIFY(std::isnan(fromFloat16(toFloat16(value))));
            } else {
                QCOMPARE(toFloat16(value), Eigen::half_impl::float_to_half_rtne(value).x);
            }
        }
    }

    void tiesAndBorders_data() {
        QTest::addColumn<float>("value");
        QTest::addColumn<int>("half");
        QTest::newRow("tie to even, down") << 1.0F + 0x1.0p-11F << 0x3C00;
        QTest::newRow("tie to even, up") << 1.0F + 0x1.8p-10F << 0x3C02;
        QTest::newRow("largest") << 65504.0F << 0x7BFF;
        QTest::newRow("rounds to the largest") << 65519.99F << 0x7BFF;
        QTest::newRow("rounds to infinity") << 65520.0F << 0x7C00;
        QTest::newRow("smallest") << 0x1.0p-24F << 0x0001;
        QTest::newRow("half of the smallest, tie to zero") << 0x1.0p-25F << 0x0000;
        QTest::newRow("largest subnormal rounds to normal") << 0x1.FFFp-15F << 0x0400;
        QTest::newRow("negative zero") << -0.0F << 0x8000;
    }
    void tiesAndBorders() {
        QFETCH(float, value);
        QFETCH(int, half);
        QCOMPARE(static_cast<int>(toFloat16(value)), half);
    }
};

QTEST_APPLESS_MAIN(TestFloat16)
#include "tst_float16.moc"
