// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/alloc/closed_form.h"
#include "core/alloc/greedy_allocation.h"
#include "core/alloc/vector_bits.h"
#include "core/base/error.h"
#include "core/base/random.h"

using namespace quantscope;

namespace {

PartLosses lognormal(std::size_t count, double sigma, std::uint64_t seed,
                     bool unequalSizes = false) {
    Random random(seed);
    PartLosses parts;
    for (std::size_t j = 0; j < count; ++j) {
        parts.coefficients.push_back(std::exp(sigma * random.normal()));
        parts.sizes.push_back(unequalSizes ? 1 + random.below(9) : 1);
    }
    return parts;
}

double meanBits(const PartLosses& parts, const std::vector<double>& bits) {
    double sum = 0.0;
    double size = 0.0;
    for (std::size_t j = 0; j < bits.size(); ++j) {
        sum += bits[j] * static_cast<double>(parts.sizes[j]);
        size += static_cast<double>(parts.sizes[j]);
    }
    return sum / size;
}

double lossOf(const PartLosses& parts, const std::vector<double>& bits) {
    double loss = 0.0;
    for (std::size_t j = 0; j < bits.size(); ++j) {
        loss +=
            parts.coefficients[j] * static_cast<double>(parts.sizes[j]) * std::exp2(-2.0 * bits[j]);
    }
    return loss;
}

std::vector<RateDistortionCurve> curvesOf(const PartLosses& parts, int minimum, int maximum) {
    std::vector<RateDistortionCurve> curves;
    for (std::size_t j = 0; j < parts.sizes.size(); ++j) {
        RateDistortionCurve& curve = curves.emplace_back();
        for (int b = minimum; b <= maximum; ++b) {
            const auto n = static_cast<double>(parts.sizes[j]);
            curve.push_back(
                {static_cast<std::uint64_t>(parts.sizes[j]) * static_cast<std::uint64_t>(b),
                 n * parts.coefficients[j] * std::exp2(-2.0 * b)});
        }
    }
    return curves;
}

// Least total loss for every total of bits up to the budget: dynamic programming, exact.
double leastLoss(const std::vector<RateDistortionCurve>& curves, std::uint64_t budget) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<double> best(budget + 1, 0.0);
    for (const RateDistortionCurve& curve : curves) {
        std::vector<double> next(budget + 1, infinity);
        for (std::uint64_t total = 0; total <= budget; ++total) {
            for (const RatePoint& point : curve) {
                if (point.bits > total) break;
                next[total] = std::min(next[total], best[total - point.bits] + point.loss);
            }
        }
        best = next;
    }
    return best[budget];
}

}  // namespace

class TestAllocation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalLossIsEqualAndGainsTheRatioOfMeans();
    void lognormalGainIsTheTheoreticalOne();
    void waterFillingMeetsBoundsAndMean_data();
    void waterFillingMeetsBoundsAndMean();
    void waterFillingLeavesPartsDry();
    void closedFormsCopeWithZeros();
    void integerBitsLoseAboutEightPercent();
    void greedyIsOptimalOnConvexCurves_data();
    void greedyIsOptimalOnConvexCurves();
    void greedyStaysNearTheOptimum();
    void refusesBudgetsThatAreTooSmall();
    void errorOfSpectraIsTheClosedForm();
    void wholeBitsAreTheBestThereAre();
};

void TestAllocation::equalLossIsEqualAndGainsTheRatioOfMeans() {
    const PartLosses parts = lognormal(300, 1.5, 1, true);
    const std::vector<double> bits = equalLossBits(parts, 3.0);
    QVERIFY(std::abs(meanBits(parts, bits) - 3.0) < 1e-12);
    const double level = parts.coefficients[0] * std::exp2(-2.0 * bits[0]);
    for (std::size_t j = 0; j < bits.size(); ++j) {
        QVERIFY(std::abs(parts.coefficients[j] * std::exp2(-2.0 * bits[j]) / level - 1.0) < 1e-12);
    }
    const std::vector<double> same(bits.size(), 3.0);
    QVERIFY(std::abs(lossOf(parts, same) / lossOf(parts, bits) / parts.gain() - 1.0) < 1e-12);
}

void TestAllocation::lognormalGainIsTheTheoreticalOne() {
    // AM / GM = exp(sigma^2 / 2), to the accuracy of 200,000 samples.
    QVERIFY(std::abs(lognormal(200000, 1.2, 3).gain() / std::exp(0.72) - 1.0) < 0.03);
}

void TestAllocation::waterFillingMeetsBoundsAndMean_data() {
    QTest::addColumn<double>("mean");
    QTest::addColumn<double>("minimum");
    QTest::addColumn<double>("maximum");
    QTest::addColumn<double>("expectedMean");
    QTest::newRow("inside") << 3.0 << 0.0 << 16.0 << 3.0;
    QTest::newRow("tight") << 3.0 << 2.5 << 3.5 << 3.0;
    QTest::newRow("low") << 0.2 << 0.0 << 16.0 << 0.2;
    QTest::newRow("at minimum") << 2.0 << 2.0 << 8.0 << 2.0;
    QTest::newRow("below minimum") << 1.0 << 2.0 << 8.0 << 2.0;
    QTest::newRow("above maximum") << 9.0 << 2.0 << 8.0 << 8.0;
}

void TestAllocation::waterFillingMeetsBoundsAndMean() {
    QFETCH(double, mean);
    QFETCH(double, minimum);
    QFETCH(double, maximum);
    QFETCH(double, expectedMean);
    const PartLosses parts = lognormal(200, 2.0, 5, true);
    const std::vector<double> bits = waterFillingBits(parts, mean, minimum, maximum);
    QVERIFY(std::abs(meanBits(parts, bits) - expectedMean) < 1e-9);
    // Optimality: parts strictly between the bounds lose the same; the others would want to go
    // beyond.
    double level = -1.0;
    for (std::size_t j = 0; j < bits.size(); ++j) {
        QVERIFY(bits[j] >= minimum && bits[j] <= maximum);
        if (bits[j] > minimum && bits[j] < maximum)
            level = parts.coefficients[j] * std::exp2(-2.0 * bits[j]);
    }
    if (level < 0.0) return;
    for (std::size_t j = 0; j < bits.size(); ++j) {
        const double loss = parts.coefficients[j] * std::exp2(-2.0 * bits[j]);
        if (bits[j] == minimum)
            QVERIFY(loss <= level * (1 + 1e-9));
        else if (bits[j] == maximum)
            QVERIFY(loss >= level * (1 - 1e-9));
        else
            QVERIFY(std::abs(loss / level - 1.0) < 1e-9);
    }
}

void TestAllocation::waterFillingLeavesPartsDry() {
    // Variances 16, 4, 1, 1/4 at 1 bit each: the least gets nothing, and the level is 2^-1/3 x ...
    const PartLosses parts{{16.0, 4.0, 1.0, 0.25}, {1, 1, 1, 1}};
    const std::vector<double> bits = waterFillingBits(parts, 1.0, 0.0, 16.0);
    QCOMPARE(bits[3], 0.0);
    // Three parts share 4 bits: 4/3 + 1/2 log2(c / GM(16, 4, 1)).
    QVERIFY(std::abs(bits[0] - (4.0 / 3.0 + 1.0)) < 1e-9);
    QVERIFY(std::abs(bits[1] - 4.0 / 3.0) < 1e-9);
    QVERIFY(std::abs(bits[2] - 1.0 / 3.0) < 1e-9);
}

void TestAllocation::closedFormsCopeWithZeros() {
    const PartLosses some{{0.0, 1.0, 4.0}, {1, 1, 1}};
    QVERIFY(std::isinf(some.gain()));
    const std::vector<double> equal = equalLossBits(some, 3.0);
    QVERIFY(std::isinf(equal[0]) && equal[0] < 0.0);
    QCOMPARE(equal[2] - equal[1], 1.0);
    const std::vector<double> filled = waterFillingBits(some, 3.0, 1.0, 8.0);
    QCOMPARE(filled[0], 1.0);
    QVERIFY(std::abs(filled[1] - 3.5) < 1e-9 && std::abs(filled[2] - 4.5) < 1e-9);
    const PartLosses none{{0.0, 0.0}, {1, 1}};
    QCOMPARE(waterFillingBits(none, 3.0, 1.0, 8.0), (std::vector<double>{1.0, 1.0}));
}

// Coefficients lognormal(0, 1.2), n = 512, mean 3 bits: whole bits lose 8.2% against the closed
// form. (The rounding u is uniform in -1/2 .. 1/2, and the mean of 4^u is 1.5 / ln 4 = 1.082.)
void TestAllocation::integerBitsLoseAboutEightPercent() {
    double ratio = 0.0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const PartLosses parts = lognormal(512, 1.2, seed);
        const Allocation whole = allocateGreedily(curvesOf(parts, 0, 16), 3 * 512);
        QCOMPARE(whole.bits, std::uint64_t{3 * 512});
        ratio += whole.loss / lossOf(parts, equalLossBits(parts, 3.0)) / 10.0;
    }
    QVERIFY2(ratio > 1.075 && ratio < 1.09, qPrintable(QString::number(ratio)));
}

void TestAllocation::greedyIsOptimalOnConvexCurves_data() {
    QTest::addColumn<double>("mean");
    QTest::addColumn<int>("start");
    for (const double mean : {1.0, 2.3, 3.0, 5.9, 8.0}) {
        for (const int start : {0, 1, 3, 8})
            QTest::addRow("mean %g start %d", mean, start) << mean << start;
    }
}

void TestAllocation::greedyIsOptimalOnConvexCurves() {
    QFETCH(double, mean);
    QFETCH(int, start);
    const PartLosses parts = lognormal(40, 1.5, 9);
    const auto curves = curvesOf(parts, 0, 8);
    const auto budget = static_cast<std::uint64_t>(mean * 40.0);
    // Unbalanced starts: everything at the start's bits for the first half, nothing for the others.
    std::vector<std::size_t> from(40, 0);
    for (std::size_t j = 0; j < 20; ++j)
        from[j] = static_cast<std::size_t>(start);
    const Allocation found = allocateGreedily(curves, budget, from);
    QVERIFY(found.bits <= budget);
    QVERIFY(std::abs(found.loss / leastLoss(curves, budget) - 1.0) < 1e-9);
}

// Unequal parts and curves that are not convex: within 5% of the exact optimum, and never over
// budget.
void TestAllocation::greedyStaysNearTheOptimum() {
    Random random(17);
    double worst = 1.0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        auto curves = curvesOf(lognormal(30, 1.2, seed, true), 1, 8);
        for (RateDistortionCurve& curve : curves) {
            for (RatePoint& point : curve)
                point.loss *= 0.7 + 0.6 * random.uniform();
        }
        const auto budget = static_cast<std::uint64_t>(300 + random.below(400));
        const Allocation found = allocateGreedily(curves, budget);
        QVERIFY(found.bits <= budget);
        std::uint64_t bits = 0;
        double loss = 0.0;
        for (std::size_t j = 0; j < curves.size(); ++j) {
            bits += curves[j][found.choices[j]].bits;
            loss += curves[j][found.choices[j]].loss;
        }
        QCOMPARE(bits, found.bits);
        QVERIFY(std::abs(loss / found.loss - 1.0) < 1e-12);
        worst = std::max(worst, found.loss / leastLoss(curves, budget));
    }
    QVERIFY2(worst < 1.05, qPrintable(QString::number(worst)));
}

void TestAllocation::refusesBudgetsThatAreTooSmall() {
    const auto curves = curvesOf(lognormal(10, 1.0, 1), 2, 4);
    QCOMPARE(allocateGreedily(curves, 20).bits, std::uint64_t{20});
    try {
        allocateGreedily(curves, 19);
        QFAIL("no error");
    } catch (const Error& error) {
        QVERIFY(QString(error.what()).contains("need 20"));
    }
    QCOMPARE(allocateGreedily(curves, 1000).bits, std::uint64_t{40});
}

// Reverse water-filling component by component, with the bits found by bisection.
void TestAllocation::errorOfSpectraIsTheClosedForm() {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        PartLosses parts = lognormal(1 + seed % 9, 2.0, seed);
        if (seed % 3 == 0) parts.coefficients.back() = 0.0;
        const auto count = static_cast<double>(parts.sizes.size());
        for (const double bits : {0.0, 0.3, 1.0, 4.0, 17.0}) {
            const double expected =
                lossOf(parts, waterFillingBits(parts, bits / count, 0.0, 100.0));
            const double found = waterFillingError(parts.coefficients, bits);
            if (parts.coefficients.size() == 1 && parts.coefficients[0] == 0.0) {
                QCOMPARE(found, 0.0);
            } else {
                QVERIFY2(std::abs(found / expected - 1.0) < 1e-6,
                         qPrintable(QString::number(found / expected)));
            }
        }
    }
    QCOMPARE(waterFillingError(std::vector<double>(), 3.0), 0.0);
}

// Against all ways to deal the bits.
void TestAllocation::wholeBitsAreTheBestThereAre() {
    constexpr int most = 4;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        std::vector<std::vector<double>> spectra;
        for (std::uint64_t vector = 0; vector < 3; ++vector)
            spectra.push_back(
                lognormal(1 + (seed + vector) % 4, 1.5, 10 * seed + vector).coefficients);
        const auto total = static_cast<Index>(seed % (3 * most + 1));
        const auto errorOf = [&](const std::vector<int>& bits) {
            double error = 0.0;
            for (std::size_t j = 0; j < bits.size(); ++j)
                error += waterFillingError(spectra[j], bits[j]);
            return error;
        };
        double least = std::numeric_limits<double>::infinity();
        for (int a = 0; a <= most; ++a) {
            for (int b = 0; b <= most; ++b) {
                const int c = static_cast<int>(total) - a - b;
                if (c >= 0 && c <= most) least = std::min(least, errorOf({a, b, c}));
            }
        }
        const std::vector<int> bits = wholeVectorBits(spectra, total, most);
        QCOMPARE(std::accumulate(bits.begin(), bits.end(), Index{0}), total);
        QVERIFY(std::ranges::all_of(bits, [](int b) { return b >= 0 && b <= most; }));
        QVERIFY(std::abs(errorOf(bits) / least - 1.0) < 1e-12);
    }
    // Equals: one after the other.
    QCOMPARE(wholeVectorBits({{1.0}, {1.0}, {1.0}}, 4, 8), (std::vector{2, 1, 1}));
}

QTEST_APPLESS_MAIN(TestAllocation)
#include "tst_allocation.moc"
