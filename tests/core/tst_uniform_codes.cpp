// SPDX-License-Identifier: GPL-3.0-or-later
// Against division and rounding in double precision, on every instruction set.
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/random.h"
#include "core/kernels/grid_errors.h"
#include "core/kernels/uniform_codes.h"
#include "tests/core/kernel_targets.h"

using namespace quantscope;

namespace {

struct PlainGrid {
    double scale;
    double zero;
    double largest;

    std::uint8_t code(float weight) const {
        // std::rint rounds ties to even.
        return static_cast<std::uint8_t>(
            std::clamp(std::rint(static_cast<double>(weight) / scale + zero), 0.0, largest));
    }
    static std::uint8_t codeOf(const void* grid, float weight) {
        return static_cast<const PlainGrid*>(grid)->code(weight);
    }
};

}  // namespace

class TestUniformCodes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void encodesAndDecodes_data() {
        QTest::addColumn<qlonglong>("target");
        QTest::addColumn<double>("scale");
        QTest::addColumn<double>("zero");
        QTest::addColumn<double>("largest");
        for (const std::int64_t target : kernelTargets()) {
            for (const double zero : {0.0, 8.0, 7.5, 127.5, 200.0}) {
                for (const double largest : {1.0, 15.0, 255.0}) {
                    QTest::addRow("%s, zero %g, largest %g", hwy::TargetName(target), zero, largest)
                        << static_cast<qlonglong>(target) << 0.0371 << zero << largest;
                }
            }
            QTest::addRow("%s, tiny", hwy::TargetName(target))
                << static_cast<qlonglong>(target) << 1e-28 << 128.0 << 255.0;
            QTest::addRow("%s, huge", hwy::TargetName(target))
                << static_cast<qlonglong>(target) << 1e29 << 128.0 << 255.0;
        }
    }
    void encodesAndDecodes() {
        QFETCH(qlonglong, target);
        QFETCH(double, scale);
        QFETCH(double, zero);
        QFETCH(double, largest);
        const ForcedTarget forced(target);
        const auto single = static_cast<float>(scale);
        const PlainGrid grid{static_cast<double>(single), zero, largest};
        QVERIFY(UniformSteps::canHold(grid.scale, zero));
        const UniformSteps steps{single, static_cast<float>(zero), static_cast<float>(largest)};
        Random random(3);
        std::vector<float> weights = {
            0.0F,   -0.0F,  std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(),
            1e-45F, -1e-45F};
        for (int code = -3; code < 260; ++code) {
            // Levels, the middle between levels, and their neighbours.
            for (const double place : {0.0, 0.5}) {
                const auto value = static_cast<float>((code + place - zero) * grid.scale);
                weights.push_back(value);
                weights.push_back(std::nextafter(value, 1e30F));
                weights.push_back(std::nextafter(value, -1e30F));
            }
        }
        for (int i = 0; i < 20000; ++i)
            weights.push_back(static_cast<float>(60.0 * scale * random.normal()));
        std::vector<std::uint8_t> codes(weights.size());
        for (const std::size_t count : {weights.size(), std::size_t{1}, std::size_t{33}}) {
            std::ranges::fill(codes, std::uint8_t{77});
            encodeUniform(std::span(weights).first(count), steps, PlainGrid::codeOf, &grid,
                          codes.data());
            for (std::size_t i = 0; i < count; ++i)
                QCOMPARE(codes[i], grid.code(weights[i]));
        }
        encodeUniform(weights, steps, PlainGrid::codeOf, &grid, codes.data());
        std::vector<float> values(codes.size());
        decodeUniform(codes, steps, values.data());
        for (std::size_t i = 0; i < codes.size(); ++i)
            QCOMPARE(values[i], static_cast<float>((codes[i] - zero) * grid.scale));
    }

    void encodesAnyZero_data() {
        QTest::addColumn<qlonglong>("target");
        for (const std::int64_t target : kernelTargets())
            QTest::newRow(hwy::TargetName(target)) << static_cast<qlonglong>(target);
    }
    void encodesAnyZero() {
        QFETCH(qlonglong, target);
        const ForcedTarget forced(target);
        Random random(4);
        for (int trial = 0; trial < 200; ++trial) {
            const auto zero = static_cast<float>(512.0 * random.uniform() - 256.0);
            const auto scale = static_cast<float>(0.01 + random.uniform());
            const PlainGrid grid{static_cast<double>(scale), static_cast<double>(zero), 255.0};
            std::vector<float> weights;
            for (int i = 0; i < 200; ++i) {
                weights.push_back(
                    static_cast<float>((300.0 * random.uniform() - grid.zero) * grid.scale));
            }
            std::vector<std::uint8_t> codes(weights.size());
            encodeUniform(weights, {scale, zero, 255.0F}, PlainGrid::codeOf, &grid, codes.data());
            for (std::size_t i = 0; i < codes.size(); ++i)
                QCOMPARE(codes[i], grid.code(weights[i]));
        }
    }

    void findsRanges_data() { encodesAnyZero_data(); }
    void findsRanges() {
        QFETCH(qlonglong, target);
        const ForcedTarget forced(target);
        Random random(5);
        for (std::size_t count = 1; count < 100; ++count) {
            std::vector<float> values;
            for (std::size_t i = 0; i < count; ++i)
                values.push_back(static_cast<float>(random.normal()));
            const ValueRange range = rangeOf(values);
            QCOMPARE(range.least, *std::ranges::min_element(values));
            QCOMPARE(range.most, *std::ranges::max_element(values));
        }
    }

    // The same bits on every instruction set, and the plain sum but for its rounding.
    void sumsErrors() {
        Random random(6);
        std::vector<float> values;
        std::vector<float> importance;
        for (int i = 0; i < 1024; ++i) {
            values.push_back(static_cast<float>(3.0 * random.normal()));
            importance.push_back(static_cast<float>(random.uniform()));
        }
        const StepGrid grid{1.7F, -4.0F, 3.0F, 0.5F};
        std::vector<float> sums;
        std::vector<float> weighed;
        for (const std::int64_t target : kernelTargets()) {
            const ForcedTarget forced(target);
            sums.push_back(squaredGridErrors(values.data(), nullptr, 1024, grid));
            weighed.push_back(squaredGridErrors(values.data(), importance.data(), 1024, grid));
        }
        double plain = 0.0;
        double plainWeighed = 0.0;
        for (std::size_t i = 0; i < 1024; ++i) {
            const double position = static_cast<double>(values[i]) * 1.7 + 0.5;
            const double error = position - std::clamp(std::rint(position), -4.0, 3.0);
            plain += error * error;
            plainWeighed += error * error * static_cast<double>(importance[i]);
        }
        for (std::size_t t = 0; t < sums.size(); ++t) {
            QVERIFY(sums[t] == sums[0] && weighed[t] == weighed[0]);
            QVERIFY(std::abs(static_cast<double>(sums[t]) / plain - 1.0) < 1e-5);
            QVERIFY(std::abs(static_cast<double>(weighed[t]) / plainWeighed - 1.0) < 1e-5);
        }
    }

    void knowsItsLimits() {
        QVERIFY(!UniformSteps::canHold(0.0, 0.0));
        QVERIFY(!UniformSteps::canHold(0.1, 0.0));  // Not a float.
        QVERIFY(!UniformSteps::canHold(1e-40, 0.0));
        QVERIFY(!UniformSteps::canHold(1.0, 4096.0));
    }
};

QTEST_APPLESS_MAIN(TestUniformCodes)
#include "tst_uniform_codes.moc"
