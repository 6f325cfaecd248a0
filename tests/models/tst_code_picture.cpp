// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <set>

#include "app/models/code_picture.h"
#include "core/base/random.h"
#include "plugins/e8/e8_method.h"
#include "plugins/kmeans/kmeans_method.h"
#include "plugins/pq/pq_method.h"
#include "plugins/scalar/scalar_method.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;

namespace {

Matrix gaussian(Index rows, Index cols) {
    Matrix x(rows, cols);
    Random random(1);
    for (Index i = 0; i < x.view().size(); ++i)
        x.data()[i] = static_cast<float>(random.normal());
    return x;
}

// The picture of a method that has no levels.
CodePicture pictureOf(std::shared_ptr<const Method> method, const std::string& text,
                      const Matrix& x) {
    const test::MethodBench bench(std::move(method));
    return buildCodePicture(x.view(), bench.quantize(text, x), {}, {});
}

double variance(const std::vector<QPointF>& points, double (*coordinate)(const QPointF&)) {
    double sum = 0.0;
    double squares = 0.0;
    for (const QPointF& point : points) {
        sum += coordinate(point);
        squares += coordinate(point) * coordinate(point);
    }
    const auto count = static_cast<double>(points.size());
    return squares / count - sum / count * sum / count;
}

}  // namespace

class TestCodePicture : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void levelsAreTakenAsTheyAre() {
        const Matrix x = gaussian(20, 32);
        const test::MethodBench bench(std::make_shared<scalar::ScalarMethod>());
        const QuantizedTensor tensor = bench.quantize("scalar:bits=3,granularity=tensor", x);
        LevelsData levels;
        const std::vector<float> all = tensor.levels(0, 0);
        levels.levels.assign(all.begin(), all.end());
        const CodePicture picture = buildCodePicture(x.view(), tensor, levels, {});
        QCOMPARE(picture.kind, CodePicture::Kind::Levels);
        QCOMPARE(picture.levels.levels, levels.levels);
        QVERIFY(picture.caption.startsWith(QStringLiteral("8 levels")));
    }

    // In two dimensions the points are the codewords, and the values the vectors.
    void codewordsOfTwoComponentsAreThePoints() {
        const Matrix x = gaussian(64, 8);
        const test::MethodBench bench(std::make_shared<kmeans::KmeansMethod>());
        const QuantizedTensor tensor = bench.quantize("kmeans:bits=4,dim=2", x);
        const CodePicture picture = buildCodePicture(x.view(), tensor, {}, {});
        QCOMPARE(picture.kind, CodePicture::Kind::Points);
        const Codebook book = tensor.codebooks().front();
        QCOMPARE(picture.points.size(), std::size_t{16});
        for (std::size_t k = 0; k < 16; ++k) {
            QCOMPARE(picture.points[k].x(), static_cast<double>(book.codewords[2 * k]));
            QCOMPARE(picture.points[k].y(), static_cast<double>(book.codewords[2 * k + 1]));
        }
        QCOMPARE(picture.values.size(), std::size_t{256});
        QCOMPARE(picture.values[5].x(), static_cast<double>(x(1, 2)));
        QCOMPARE(picture.values[5].y(), static_cast<double>(x(1, 3)));
    }

    // Codewords that differ along two directions only lose nothing in their plane.
    void planeKeepsWhatVaries() {
        const Matrix flat = gaussian(400, 2);
        Matrix x(400, 12);
        for (Index row = 0; row < 400; ++row) {
            for (Index j = 0; j < 12; ++j) {
                const auto angle = static_cast<float>(j);
                x(row, j) = flat(row, 0) * std::sin(angle) + 0.3F * flat(row, 1) * std::cos(angle);
            }
        }
        const test::MethodBench bench(std::make_shared<kmeans::KmeansMethod>());
        const QuantizedTensor tensor = bench.quantize("kmeans:bits=5,dim=0,precision=fp32", x);
        const CodePicture picture = buildCodePicture(x.view(), tensor, {}, {});
        const Codebook book = tensor.codebooks().front();
        for (std::size_t a = 0; a < 32; a += 5) {
            for (std::size_t b = 0; b < 32; b += 3) {
                double squares = 0.0;
                for (std::size_t j = 0; j < 12; ++j) {
                    squares += std::pow(static_cast<double>(book.codewords[12 * a + j] -
                                                            book.codewords[12 * b + j]),
                                        2.0);
                }
                const QPointF difference = picture.points[a] - picture.points[b];
                const double seen = std::hypot(difference.x(), difference.y());
                QVERIFY(std::abs(seen - std::sqrt(squares)) < 1e-3);
            }
        }
        QVERIFY(variance(picture.points, [](const QPointF& p) { return p.x(); }) >=
                variance(picture.points, [](const QPointF& p) { return p.y(); }));
    }

    // The vectors of a slice lie among its codewords only when they are turned as the codes are.
    void vectorsAreTurnedAsTheirCodesAre_data() {
        QTest::addColumn<QString>("method");
        QTest::newRow("as it is") << QStringLiteral("pq:m=4,bits=6");
        QTest::newRow("turned") << QStringLiteral("pq:m=4,bits=6,rotation=opq");
    }
    void vectorsAreTurnedAsTheirCodesAre() {
        QFETCH(QString, method);
        Matrix x = gaussian(900, 8);
        for (Index row = 0; row < x.rows(); ++row) {
            for (Index j = 0; j < 8; ++j)
                x(row, j) = x(row, j) * static_cast<float>(1 << j) + 0.5F * x(row, 0);
        }
        const CodePicture picture =
            pictureOf(std::make_shared<pq::PqMethod>(), method.toStdString(), x);
        QCOMPARE(picture.points.size(), std::size_t{64});
        double error = 0.0;
        double energy = 0.0;
        for (const QPointF& value : picture.values) {
            double least = std::numeric_limits<double>::infinity();
            for (const QPointF& point : picture.points) {
                const QPointF rest = value - point;
                least = std::min(least, QPointF::dotProduct(rest, rest));
            }
            error += least;
            energy += QPointF::dotProduct(value, value);
        }
        // 64 codewords for two components: about 3 bits each.
        QVERIFY2(error < 0.06 * energy, qPrintable(QString::number(error / energy)));
    }

    void manyCodewordsAreThinnedOutAndSaidSo() {
        const CodePicture picture =
            pictureOf(std::make_shared<kmeans::KmeansMethod>(), "kmeans:bits=13,dim=2,iterations=1",
                      gaussian(900, 32));
        QCOMPARE(picture.points.size(), std::size_t{4096});
        QVERIFY2(picture.caption.contains(QStringLiteral("4096 of 8192")),
                 qPrintable(picture.caption));
    }

    // Without codewords to show: what neighbouring weights are decoded to.
    void decodedPairsStandForMethodsWithoutAList() {
        const Matrix x = gaussian(16, 64);
        const test::MethodBench bench(std::make_shared<e8::E8Method>());
        const QuantizedTensor tensor = bench.quantize("e8", x);
        const CodePicture picture = buildCodePicture(x.view(), tensor, {}, {});
        QCOMPARE(picture.points.size(), std::size_t{512});
        Matrix decoded(16, 64);
        tensor.decode(0, decoded.span());
        QCOMPARE(picture.points[33].x(), static_cast<double>(decoded(1, 2)));
        QCOMPARE(picture.points[33].y(), static_cast<double>(decoded(1, 3)));
    }

    void oneLongRowIsCutOff() {
        const CodePicture picture =
            pictureOf(std::make_shared<e8::E8Method>(), "e8", gaussian(1, 20'000));
        QCOMPARE(picture.points.size(), std::size_t{2048});
    }

    void oneColumnHasNoPairs() {
        const CodePicture picture =
            pictureOf(std::make_shared<e8::E8Method>(), "e8", gaussian(1, 1));
        QCOMPARE(picture.kind, CodePicture::Kind::None);
    }
};

QTEST_GUILESS_MAIN(TestCodePicture)
#include "tst_code_picture.moc"
