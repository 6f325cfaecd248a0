// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/float16.h"
#include "core/quant/scale_format.h"

using namespace quantscope;

namespace {

/// All numbers >= 0 of a format, ascending, written out from its description.
std::vector<double> numbersOf(ScaleType type) {
    std::vector<double> numbers;
    if (type == ScaleType::Half) {
        for (unsigned bits = 0; bits < 0x7C00; ++bits)
            numbers.push_back(static_cast<double>(fromFloat16(static_cast<std::uint16_t>(bits))));
        return numbers;
    }
    for (int mantissa = 0; mantissa < 16; ++mantissa)
        numbers.push_back(std::ldexp(mantissa, -11));
    for (int exponent = -7; exponent <= 7; ++exponent) {
        for (int mantissa = 0; mantissa < 16; ++mantissa)
            numbers.push_back(std::ldexp(16 + mantissa, exponent - 4));
    }
    return numbers;
}

/// Of two that are as near, the smaller one.
double nearestOf(const std::vector<double>& numbers, double value) {
    const auto above = std::ranges::lower_bound(numbers, value);
    if (above == numbers.end()) return numbers.back();
    if (above == numbers.begin()) return numbers.front();
    const double below = *(above - 1);
    return value - below <= *above - value ? below : *above;
}

}  // namespace

class TestScaleFormat : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Every number, all midpoints, and what lies close to either.
    void nearestIsTheNearestOfAll_data() {
        QTest::addColumn<int>("type");
        QTest::newRow("8 bits") << static_cast<int>(ScaleType::Byte);
        QTest::newRow("binary16") << static_cast<int>(ScaleType::Half);
    }
    void nearestIsTheNearestOfAll() {
        QFETCH(int, type);
        const ScaleFormat format(static_cast<ScaleType>(type), 0);
        const std::vector<double> numbers = numbersOf(static_cast<ScaleType>(type));
        for (std::size_t i = 0; i + 1 < numbers.size(); ++i) {
            const double gap = numbers[i + 1] - numbers[i];
            for (const double share : {0.0, 0x1p-20, 0.125, 0.25, 0.375, 0.5 - 0x1p-20, 0.5,
                                       0.5 + 0x1p-20, 0.625, 0.75, 0.875, 1.0 - 0x1p-20}) {
                const double scale = numbers[i] + share * gap;
                const double found = format.nearest(scale);
                const double expected = nearestOf(numbers, scale);
                QVERIFY2(found == expected, qPrintable(QStringLiteral("%1 to %2, expected %3")
                                                           .arg(scale, 0, 'g', 12)
                                                           .arg(found, 0, 'g', 12)
                                                           .arg(expected, 0, 'g', 12)));
            }
        }
        QCOMPARE(format.nearest(2.0 * numbers.back()), numbers.back());
        QVERIFY(format.holds(numbers));
    }

    // Without a base there is no smallest number, and 2^k is followed by the same numbers as 1.
    void nearestWithoutABase() {
        const ScaleFormat half(ScaleType::Half);
        for (const int exponent : {-200, -20, 0, 20, 200}) {
            const double one = std::ldexp(1.0, exponent);
            QCOMPARE(half.nearest(one * (1.0 + 0x1p-13)), one);
            QCOMPARE(half.nearest(one * (1.0 - 0x1p-13)), one);
            QCOMPARE(half.nearest(one * (1.0 + 0x1.8p-11)), one * (1.0 + 0x1p-10));
        }
    }
};

QTEST_APPLESS_MAIN(TestScaleFormat)
#include "tst_scale_format.moc"
