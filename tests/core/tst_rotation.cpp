// SPDX-License-Identifier: GPL-3.0-or-later
// Rotations against a singular value decomposition, and against axes that are known.
#include <Eigen/Dense>
#include <QtTest>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/kernels/rotation.h"

using namespace quantscope;

namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
    Random random(seed);
    Matrix x(rows, cols);
    for (Index i = 0; i < x.view().size(); ++i)
        x.data()[i] = static_cast<float>(random.normal());
    return x;
}

Eigen::MatrixXd eigen(const Matrix& x) {
    return Eigen::Map<const RowMajor>(x.data(), x.rows(), x.cols()).cast<double>();
}

Matrix identity(Index rows, Index cols) {
    Matrix result(rows, cols);
    for (Index i = 0; i < std::min(rows, cols); ++i)
        result(i, i) = 1.0F;
    return result;
}

double distanceFromOrthonormal(const Matrix& rotation) {
    const Eigen::MatrixXd r = eigen(rotation);
    return (r.transpose() * r - Eigen::MatrixXd::Identity(r.cols(), r.cols()))
        .cwiseAbs()
        .maxCoeff();
}

// Rows with these standard deviations along the columns of a random orthogonal matrix, off centre.
struct Cloud {
    Matrix rows;
    Eigen::MatrixXd axes;

    Cloud(Index count, const std::vector<double>& deviations, double offset) {
        const auto dim = static_cast<Index>(deviations.size());
        axes = eigen(gaussian(dim, dim, 11)).householderQr().householderQ();
        Eigen::MatrixXd scaled = eigen(gaussian(count, dim, 12));
        for (Index j = 0; j < dim; ++j)
            scaled.col(j) *= deviations[static_cast<std::size_t>(j)];
        const Eigen::MatrixXd turned = (scaled * axes.transpose()).array() + offset;
        rows = Matrix(count, dim);
        Eigen::Map<RowMajor>(rows.data(), count, dim) = turned.cast<float>();
    }
};

}  // namespace

class TestRotation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void axesAreThoseOfTheCloud() {
        const std::vector<double> deviations = {8.0, 4.0, 2.0, 1.0, 0.25};
        const Cloud cloud(40000, deviations, 30.0);
        const PrincipalAxes found = principalAxes(cloud.rows.view(), AxesCentre::Mean, {});
        QVERIFY(distanceFromOrthonormal(found.axes) < 1e-6);
        for (std::size_t j = 0; j < deviations.size(); ++j) {
            // Sampled: variances are off by some sqrt(2 / 40000).
            const double variance = deviations[j] * deviations[j];
            QVERIFY(std::abs(found.variances[j] / variance - 1.0) < 0.04);
            const auto column = static_cast<Index>(j);
            const double alignment =
                std::abs(eigen(found.axes).col(column).dot(cloud.axes.col(column)));
            QVERIFY2(alignment > 0.999, qPrintable(QString::number(alignment)));
        }
    }

    // About the origin, the first axis of rows far from it points to their mean.
    void axesThroughTheOriginSeeTheMean() {
        const Cloud cloud(5000, {1.0, 0.5, 0.5, 0.25}, 30.0);
        const PrincipalAxes found = principalAxes(cloud.rows.view(), AxesCentre::Origin, {});
        QVERIFY(std::abs(std::abs(eigen(found.axes).col(0).sum()) - 2.0) < 1e-3);
        QVERIFY(std::abs(found.variances[0] / (4.0 * 30.0 * 30.0) - 1.0) < 0.01);
    }

    void nearestRotationIsThePolarFactor_data() {
        QTest::addColumn<int>("dim");
        QTest::addColumn<int>("kept");
        QTest::newRow("square") << 24 << 24;
        QTest::newRow("odd") << 37 << 37;
        QTest::newRow("fewer dimensions") << 30 << 11;
        QTest::newRow("one") << 9 << 1;
    }
    void nearestRotationIsThePolarFactor() {
        QFETCH(int, dim);
        QFETCH(int, kept);
        const Matrix x = gaussian(500, dim, 1);
        const Matrix y = gaussian(500, kept, 2);
        const Matrix found = nearestRotation(x.view(), y.view(), identity(dim, kept).view(), {});
        const Eigen::JacobiSVD<Eigen::MatrixXd> svd(eigen(x).transpose() * eigen(y),
                                                    Eigen::ComputeThinU | Eigen::ComputeThinV);
        const Eigen::MatrixXd expected = svd.matrixU() * svd.matrixV().transpose();
        const double difference = (eigen(found) - expected).cwiseAbs().maxCoeff();
        QVERIFY2(difference < 1e-5, qPrintable(QString::number(difference)));
    }

    // A rotation is found again from rows and their images, and undone.
    void rotationsAreRecoveredAndUndone() {
        const Matrix x = gaussian(300, 16, 3);
        const Matrix wanted = nearestRotation(
            gaussian(64, 16, 4).view(), gaussian(64, 16, 5).view(), identity(16, 16).view(), {});
        Matrix y(300, 16);
        rotateRows(x.view(), wanted.view(), y.span());
        const Matrix found = nearestRotation(x.view(), y.view(), identity(16, 16).view(), {});
        QVERIFY((eigen(found) - eigen(wanted)).cwiseAbs().maxCoeff() < 1e-5);
        Matrix back(300, 16);
        rotateRowsBack(y.view(), found.view(), back.span());
        QVERIFY((eigen(back) - eigen(x)).cwiseAbs().maxCoeff() < 1e-4);
    }

    // What x and y say nothing about stays as it was.
    void unknownDirectionsAreKept() {
        Matrix x = gaussian(100, 6, 6);
        for (Index row = 0; row < 100; ++row)
            x(row, 4) = x(row, 5) = 0.0F;
        Matrix before = identity(6, 6);
        before(4, 4) = before(5, 5) = 0.0F;
        before(4, 5) = before(5, 4) = 1.0F;
        const Matrix found = nearestRotation(x.view(), x.view(), before.view(), {});
        QVERIFY((eigen(found) - eigen(before)).cwiseAbs().maxCoeff() < 1e-5);
        const Matrix zeros(100, 6);
        const Matrix kept = nearestRotation(zeros.view(), zeros.view(), before.view(), {});
        QVERIFY((eigen(kept) - eigen(before)).cwiseAbs().maxCoeff() < 1e-5);
    }

    void sameBitsAtAnyThreadCount() {
        const Matrix x = gaussian(20000, 20, 7);
        const Matrix y = gaussian(20000, 20, 8);
        const auto results = [&](int threads) {
            Arena arena(threads);
            std::vector<float> all;
            arena.execute([&] {
                const Matrix axes = principalAxes(x.view(), AxesCentre::Mean, {}).axes;
                const Matrix rotation =
                    nearestRotation(x.view(), y.view(), identity(20, 20).view(), {});
                all.assign(axes.data(), axes.data() + 400);
                all.insert(all.end(), rotation.data(), rotation.data() + 400);
            });
            return all;
        };
        const std::vector<float> serial = results(1);
        QVERIFY(serial == results(2));
        QVERIFY(serial == results(8));
    }
};

QTEST_APPLESS_MAIN(TestRotation)
#include "tst_rotation.moc"
