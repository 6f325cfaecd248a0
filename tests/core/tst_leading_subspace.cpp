// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Dense>
#include <QtTest>
#include <cmath>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/leading_subspace.h"

using namespace quantscope;

namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Rotated by random orthonormal vectors.
RowMajor withEigenvalues(const std::vector<double>& values, Index size) {
    Random random(3);
    Eigen::MatrixXd start(size, static_cast<Index>(values.size()));
    for (Index i = 0; i < start.size(); ++i)
        start.data()[i] = random.normal();
    const Eigen::MatrixXd vectors =
        Eigen::HouseholderQR<Eigen::MatrixXd>(start).householderQ() *
        Eigen::MatrixXd::Identity(size, static_cast<Index>(values.size()));
    const Eigen::Map<const Eigen::VectorXd> diagonal(values.data(), std::ssize(values));
    return vectors * diagonal.asDiagonal() * vectors.transpose();
}

SymmetricOperator operatorOf(const RowMajor& matrix, Index rank) {
    return {matrix.rows(), rank, [&matrix](const std::vector<double>& rows, Index count) {
                const Eigen::Map<const RowMajor> x(rows.data(), count, matrix.rows());
                const RowMajor product = x * matrix;
                return std::vector<double>(product.data(), product.data() + product.size());
            }};
}

// How far the vectors are from orthonormal.
double skewness(const LeadingSubspace& found, Index size) {
    const Eigen::Map<const RowMajor> rows(found.vectors.data(), found.count(), size);
    const RowMajor gram = rows * rows.transpose();
    return (gram - RowMajor::Identity(found.count(), found.count())).cwiseAbs().maxCoeff();
}

double captured(const LeadingSubspace& found, const RowMajor& matrix) {
    const Eigen::Map<const RowMajor> rows(found.vectors.data(), found.count(), matrix.rows());
    return (rows * matrix * rows.transpose()).trace();
}

std::vector<double> powers(double base, int count) {
    std::vector<double> values;
    for (int k = 0; k < count; ++k)
        values.push_back(std::pow(base, k));
    return values;
}

}  // namespace

class TestLeadingSubspace : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void holdsTheLargestEigenvalues_data() {
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("rank");
        QTest::addColumn<double>("decay");
        QTest::addColumn<int>("wanted");
        QTest::addColumn<double>("tolerance");
        QTest::newRow("small") << 100 << 100 << 0.9 << 10 << 1e-12;
        QTest::newRow("small, low rank") << 100 << 12 << 0.5 << 12 << 1e-12;
        QTest::newRow("low rank") << 900 << 24 << 0.8 << 24 << 1e-10;
        QTest::newRow("low rank, wide range") << 900 << 40 << 0.5 << 20 << 1e-10;
        QTest::newRow("steep") << 600 << 500 << 0.9 << 10 << 1e-9;
        QTest::newRow("gentle") << 600 << 500 << 0.99 << 10 << 1e-3;
        QTest::newRow("flat") << 600 << 500 << 0.999 << 10 << 2e-3;
        QTest::newRow("as many as there may be") << 600 << 500 << 0.99 << 192 << 5e-3;
    }
    void holdsTheLargestEigenvalues() {
        QFETCH(int, size);
        QFETCH(int, rank);
        QFETCH(double, decay);
        QFETCH(int, wanted);
        QFETCH(double, tolerance);
        const std::vector<double> values = powers(decay, rank);
        const RowMajor matrix = withEigenvalues(values, size);
        const LeadingSubspace found =
            leadingSubspace(operatorOf(matrix, rank), wanted, RunContext(1));
        QCOMPARE(found.count(), Index{wanted});
        QVERIFY(skewness(found, size) < 1e-10);
        const double all = std::accumulate(values.begin(), values.begin() + wanted, 0.0);
        const double share = captured(found, matrix) / all;
        QVERIFY2(share > 1.0 - tolerance && share < 1.0 + 1e-10,
                 qPrintable(QString::number(1.0 - share)));
        // What it says of itself.
        const double said = std::accumulate(found.values.begin(), found.values.end(), 0.0);
        QVERIFY(std::abs(said / captured(found, matrix) - 1.0) < 1e-9);
    }

    void findsNoMoreThanThereAre() {
        for (const Index size : {60, 700}) {
            const RowMajor matrix = withEigenvalues({3.0, 2.0, 1.0}, size);
            QCOMPARE(leadingSubspace(operatorOf(matrix, size), 8, RunContext(1)).count(), Index{3});
            const RowMajor zero = RowMajor::Zero(size, size);
            QCOMPARE(leadingSubspace(operatorOf(zero, size), 8, RunContext(1)).count(), Index{0});
        }
    }

    void stopsBetweenProducts() {
        const RowMajor matrix = withEigenvalues(powers(0.99, 500), 600);
        std::stop_source stop;
        int products = 0;
        SymmetricOperator counted = operatorOf(matrix, 500);
        counted.times = [&, times = counted.times](const std::vector<double>& rows, Index count) {
            if (++products == 3) stop.request_stop();
            return times(rows, count);
        };
        QVERIFY_EXCEPTION_THROWN(leadingSubspace(counted, 8, RunContext(1, stop.get_token())),
                                 Cancelled);
        QCOMPARE(products, 3);
    }
};

QTEST_GUILESS_MAIN(TestLeadingSubspace)
#include "tst_leading_subspace.moc"
