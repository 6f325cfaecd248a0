// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <algorithm>

#include "core/quant/code_grid.h"
#include "plugins/scalar/scalar_method.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using namespace quantscope::test;

namespace {

// Rows that are not a multiple of 8 in number, so that the last piece is short.
constexpr Index rowCount = 43;
constexpr Index colCount = 70;
constexpr Index pieceRows = 16;

Matrix transposed(MatrixView values) {
    Matrix result(values.cols, values.rows);
    for (Index r = 0; r < values.rows; ++r) {
        for (Index c = 0; c < values.cols; ++c)
            result(c, r) = values(r, c);
    }
    return result;
}

// Rounds every column to the nearest, right to left, which is what quantize() does in its own way.
EncodedTensor roundAll(CodeGrid& grid, const Matrix& weights, bool refit, Matrix& rounded) {
    for (Index first = 0; first < rowCount; first += pieceRows) {
        const Index count = std::min(pieceRows, rowCount - first);
        const Matrix columns = transposed(weights.view().middleRows(first, count));
        Matrix values(colCount, count);
        const auto rows = grid.rows(first, count);
        const Index unit = grid.refitColumns();
        for (Index c = 0; refit && unit > 0 && c < colCount; c += unit)
            rows->refit(c, columns.view().middleRows(c, std::min(unit, colCount - c)));
        for (Index c = colCount - 1; c >= 0; --c)
            rows->round(c, columns.view().middleRows(c, 1), values.span().middleRows(c, 1));
        rows->commit();
        for (Index r = 0; r < count; ++r) {
            for (Index c = 0; c < colCount; ++c)
                rounded(first + r, c) = values(c, r);
        }
    }
    return grid.finish();
}

}  // namespace

class TestScalarGrid : public QObject {
    Q_OBJECT

private slots:
    void roundingEveryColumnIsQuantizing_data() {
        QTest::addColumn<QString>("method");
        for (const char* method :
             {"scalar:bits=3", "scalar:bits=4,scheme=asym,granularity=group,group=32",
              "scalar:bits=2,scheme=mid,granularity=group,group=16,clip=mse",
              "scalar:bits=5,scheme=asym,granularity=tensor", "scalar:bits=3,granularity=column",
              "scalar:bits=3,levels=lloyd", "scalar:bits=1", "scalar:bits=8,scale=fp32",
              "scalar:bits=4,levels=lloyd,granularity=group,clip=mse"})
            QTest::newRow(method) << method;
    }
    void roundingEveryColumnIsQuantizing() {
        QFETCH(QString, method);
        const MethodBench bench(std::make_shared<scalar::ScalarMethod>());
        const Matrix weights = gaussian(rowCount, colCount);
        const ViewSource source(weights.view());
        const EncodedTensor expected = bench.encode(method.toStdString(), source);
        for (const bool refit : {false, true}) {
            PhaseSeconds seconds;
            const auto quantizer = bench.quantizer(method.toStdString());
            QVERIFY(quantizer->hasGrid());
            const auto grid = quantizer->fitGrid(source, {}, RunContext(1), seconds);
            QCOMPARE(grid->columnsPerCode(), Index{1});
            Matrix rounded(rowCount, colCount);
            const QuantizedTensor result(roundAll(*grid, weights, refit, rounded),
                                         bench.registry());
            const Matrix values = decoded(result);
            const Matrix plain = decoded(QuantizedTensor(expected, bench.registry()));
            QVERIFY(std::ranges::equal(std::span(values.data(), rowCount * colCount),
                                       std::span(plain.data(), rowCount * colCount)));
            // What round() hands out is what the artifact decodes to.
            QVERIFY(std::ranges::equal(std::span(values.data(), rowCount * colCount),
                                       std::span(rounded.data(), rowCount * colCount)));
            QCOMPARE(result.rate().totalBits(), expected.rate().totalBits());
            QVERIFY(result.encoded().method == expected.method);
        }
    }

    void scalesThatAreFittedAnewMayGrow() {
        const MethodBench bench(std::make_shared<scalar::ScalarMethod>());
        const Matrix weights = gaussian(8, 32);
        const ViewSource source(weights.view());
        PhaseSeconds seconds;
        const auto quantizer = bench.quantizer("scalar:bits=4,granularity=group,group=32");
        const auto grid = quantizer->fitGrid(source, {}, RunContext(1), seconds);
        Matrix larger = transposed(weights.view());
        for (Index i = 0; i < larger.view().size(); ++i)
            larger.data()[i] *= 50.0F;
        const auto rows = grid->rows(0, 8);
        Matrix rounded(32, 8);
        rows->refit(0, larger.view());
        for (Index c = 0; c < 32; ++c)
            rows->round(c, larger.view().middleRows(c, 1), rounded.span().middleRows(c, 1));
        rows->commit();
        const Matrix values = decoded(QuantizedTensor(grid->finish(), bench.registry()));
        // 4 bits on Gaussian rows of 32: about 20 dB.
        QVERIFY(nmse(transposed(larger.view()).view(), values.view()) < 0.03);
    }

    void scalesThatOutgrowTheirRangeStayFinite() {
        const MethodBench bench(std::make_shared<scalar::ScalarMethod>());
        const Matrix weights = gaussian(2, 32);
        PhaseSeconds seconds;
        const auto grid = bench.quantizer("scalar:bits=4,granularity=group,group=32")
                              ->fitGrid(ViewSource(weights.view()), {}, RunContext(1), seconds);
        Matrix larger = transposed(weights.view());
        for (Index i = 0; i < larger.view().size(); ++i)
            larger.data()[i] *= 1e9F;
        const auto rows = grid->rows(0, 2);
        Matrix rounded(32, 2);
        rows->refit(0, larger.view());
        for (Index c = 0; c < 32; ++c)
            rows->round(c, larger.view().middleRows(c, 1), rounded.span().middleRows(c, 1));
        rows->commit();
        const Matrix values = decoded(QuantizedTensor(grid->finish(), bench.registry()));
        for (Index r = 0; r < 2; ++r) {
            for (Index c = 0; c < 32; ++c)
                QCOMPARE(values(r, c), rounded(c, r));
        }
    }
};

QTEST_GUILESS_MAIN(TestScalarGrid)
#include "tst_scalar_grid.moc"
