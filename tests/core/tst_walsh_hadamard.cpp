// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <bit>
#include <cmath>

#include "core/base/random.h"
#include "core/kernels/walsh_hadamard.h"
#include "kernel_targets.h"

using namespace quantscope;

class TestWalshHadamard : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void multipliesByTheMatrix_data() {
        QTest::addColumn<qint64>("target");
        QTest::addColumn<int>("size");
        for (const std::int64_t target : kernelTargets()) {
            for (int size = 1; size <= 4096; size *= 2)
                QTest::addRow("%s, %d", hwy::TargetName(target), size) << qint64{target} << size;
        }
    }

    void multipliesByTheMatrix() {
        QFETCH(qint64, target);
        QFETCH(int, size);
        const ForcedTarget forced(target);
        Random random(4);
        std::vector<float> values(static_cast<std::size_t>(size));
        for (float& value : values)
            value = static_cast<float>(random.normal());
        const std::vector<float> before = values;
        walshHadamard(values);
        // A few rows of the matrix, by its definition.
        for (std::size_t i = 0; i < values.size(); i += values.size() / 16 + 1) {
            double sum = 0.0;
            for (std::size_t j = 0; j < values.size(); ++j) {
                const double value = static_cast<double>(before[j]);
                sum += std::popcount(i & j) % 2 == 0 ? value : -value;
            }
            QVERIFY(std::abs(static_cast<double>(values[i]) - sum / std::sqrt(size)) < 1e-5);
        }
        walshHadamard(values);
        for (std::size_t i = 0; i < values.size(); ++i)
            QVERIFY(std::abs(values[i] - before[i]) < 1e-5F);
    }
};

QTEST_APPLESS_MAIN(TestWalshHadamard)
#include "tst_walsh_hadamard.moc"
