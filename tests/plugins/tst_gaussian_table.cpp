// SPDX-License-Identifier: GPL-3.0-or-later
// What every way of spending b bits reaches on N(0,1), against figures that do not come from this
// program: closed forms, and simulated or published ones. The table in full:
//
// - uniform and Lloyd-Max at 1 to 5 bits, and INT3 and INT4 by groups: tst_scalar,
//   reachesTheClosedFormsOnGaussians;
// - uniform with entropy coding: entropyCodedSteps;
// - two-dimensional codebooks at 1.5 to 5 bits, residual and additive codes: vectorCodes here; four
//   dimensions, greedy and refitted stages: tst_pq, tst_rvq;
// - trellis codes with L = 16 and by L at whole rates: tst_trellis, reachesTheReference; at all
//   published fractional rates: trellisCodesBetween;
// - E8P: tst_e8, reachesTheReference; pyramids: tst_pvq, reachesTheReference;
// - NF4, MXFP4, NVFP4, block floating point: tst_format, reachesTheReference;
// - a rotation in front of INT4 on t(3): tst_hadamard, takesTheTailsAway.
#include <QtTest>
#include <cmath>
#include <map>
#include <numbers>

#include "plugins/additive/additive_method.h"
#include "plugins/pq/pq_method.h"
#include "plugins/rvq/rvq_method.h"
#include "plugins/scalar/scalar_method.h"
#include "plugins/trellis/trellis_method.h"
#include "tests/plugins/method_bench.h"
#include "tests/plugins/slowness.h"

using namespace quantscope;
using test::decoded;
using test::gaussian;
using test::nmse;

namespace {

double errorOf(std::shared_ptr<const Method> method, const std::string& text, const Matrix& x) {
    return nmse(x.view(), decoded(test::MethodBench(std::move(method)).quantize(text, x)).view());
}

double normalShareBelow(double x) {
    return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

// Bits of the codes of N(0,1) in steps of a width, if coded by their frequencies.
double entropyOfSteps(double width) {
    double entropy = 0.0;
    for (int k = -200; k <= 200; ++k) {
        const double share =
            normalShareBelow((k + 0.5) * width) - normalShareBelow((k - 0.5) * width);
        if (share > 0.0) entropy -= share * std::log2(share);
    }
    return entropy;
}

double widthWithEntropy(double bits) {
    double low = 1e-2;
    double high = 10.0;
    constexpr int steps = 60;
    for (int step = 0; step < steps; ++step) {
        const double middle = (low + high) / 2.0;
        (entropyOfSteps(middle) > bits ? low : high) = middle;
    }
    return low;
}

}  // namespace

class TestGaussianTable : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
    }

    void entropyCodedSteps_data() {
        QTest::addColumn<double>("bits");
        QTest::addColumn<double>("mse");
        const auto row = [](double bits, double mse) {
            QTest::addRow("%g bits", bits) << bits << mse;
        };
        row(1.0, 0.3483);
        row(1.5, 0.1777);
        row(2.0, 0.0889);
        row(2.5, 0.0445);
        row(3.0, 0.02224);
        row(4.0, 0.00556);
    }
    // A weight at the end of the range makes the step as wide as the rate asks for. A decoder that
    // knows the frequencies also knows the means of its cells.
    void entropyCodedSteps() {
        QFETCH(double, bits);
        QFETCH(double, mse);
        constexpr int codeBits = 8;
        Matrix x = gaussian(1024, 1024, 3);
        x(0, 0) = static_cast<float>(widthWithEntropy(bits) * ((1 << (codeBits - 1)) - 1));
        const test::MethodBench bench(std::make_shared<scalar::ScalarMethod>());
        const QuantizedTensor tensor =
            bench.quantize("scalar:bits=8,granularity=tensor,scale=fp32", x);
        const Matrix values = decoded(tensor);
        const double entropy = codebookUsage(tensor.codebooks().front()).entropyBits;
        // The mean and spread of the weights with the same code; not of the one that was put there.
        struct Cell {
            double count = 0.0;
            double first = 0.0;
            double second = 0.0;
        };
        std::map<float, Cell> cells;
        for (Index i = 1; i < x.view().size(); ++i) {
            Cell& cell = cells[values.data()[i]];
            const auto weight = static_cast<double>(x.data()[i]);
            cell.count += 1.0;
            cell.first += weight;
            cell.second += weight * weight;
        }
        double error = 0.0;
        for (const auto& [level, cell] : cells)
            error += cell.second - cell.first * cell.first / cell.count;
        error /= static_cast<double>(x.view().size() - 1);
        QVERIFY2(std::abs(entropy / bits - 1.0) < 0.005, qPrintable(QString::number(entropy)));
        QVERIFY2(std::abs(error / mse - 1.0) < 0.005, qPrintable(QString::number(error)));
    }

    void vectorCodes_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<int>("dim");
        QTest::addColumn<double>("mse");
        const auto plane = [](const char* bits, double mse) {
            QTest::addRow("plane, %s bits", bits)
                << QString("pq:m=1,train=0,iterations=100,precision=fp32,bits=%1").arg(bits) << 2
                << mse;
        };
        // 2^bits codewords in two dimensions (Q-Palette).
        plane("3", 0.2012);
        plane("4", 0.1086);
        plane("5", 0.0571);
        plane("6", 0.02972);
        plane("7", 0.01523);
        plane("8", 0.00776);
        plane("10", 0.00198);
        // Two bits per weight in eight dimensions, simulated with a program of its own.
        QTest::newRow("beam 4") << "rvq:stages=2,beam=4,refit=0" << 8 << 0.0988;
        QTest::newRow("additive") << "additive:m=2" << 8 << 0.0931;
    }
    void vectorCodes() {
        QFETCH(QString, method);
        QFETCH(int, dim);
        QFETCH(double, mse);
        std::shared_ptr<const Method> owner = std::make_shared<pq::PqMethod>();
        if (method.startsWith("rvq")) owner = std::make_shared<rvq::RvqMethod>();
        if (method.startsWith("additive")) owner = std::make_shared<additive::AdditiveMethod>();
        const Index rows = dim == 2 ? 1 << 18 : 1 << 16;
        const double error = errorOf(owner, method.toStdString(), gaussian(rows, dim, 11));
        qInfo("%.5f, reference %.5f", error, mse);
        QVERIFY2(error < 1.01 * mse, qPrintable(QString::number(error)));
        QVERIFY2(error > (dim == 2 ? 0.95 * mse : 0.0625), qPrintable(QString::number(error)));
    }

    // Published for the best trellis codes at each rate (Q-Palette); mixing whole rates is the most
    // that is asked for.
    void trellisCodesBetween_data() {
        QTest::addColumn<double>("bits");
        QTest::addColumn<double>("mse");
        const auto row = [](double bits, double mse) {
            QTest::addRow("%g bits", bits) << bits << mse;
        };
        row(1.0, 0.2827);
        row(1.25, 0.2115);
        row(1.5, 0.1403);
        row(1.75, 0.1057);
        row(2.0, 0.0710);
        row(2.25, 0.0537);
        row(2.5, 0.0363);
        row(2.75, 0.0276);
        row(3.0, 0.01891);
        row(3.25, 0.01455);
        row(3.5, 0.01018);
        row(3.75, 0.00804);
        row(4.0, 0.00590);
        row(4.25, 0.00414);
        row(5.0, 0.00162);
    }
    void trellisCodesBetween() {
        QFETCH(double, bits);
        QFETCH(double, mse);
        const std::string method =
            QString("trellis:granularity=tensor,state=16,bits=%1").arg(bits).toStdString();
        const double error =
            errorOf(std::make_shared<trellis::TrellisMethod>(), method, gaussian(96, 256, 17));
        qInfo("%.5f, reference %.5f", error, mse);
        QVERIFY2(error < 1.03 * mse, qPrintable(QString::number(error)));
        QVERIFY2(error > std::exp2(-2.0 * bits), qPrintable(QString::number(error)));
    }
};

QTEST_APPLESS_MAIN(TestGaussianTable)
#include "tst_gaussian_table.moc"
