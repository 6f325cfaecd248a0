// SPDX-License-Identifier: GPL-3.0-or-later
// What TensorWriter writes reads back the same, under every folding.
#include <QTemporaryDir>
#include <QTest>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/io/tensor_writer.h"
#include "tests/core/test_files.h"

using namespace quantscope;

namespace {

/// The element at a position of a tensor is its number in file order; folded by the definition.
Matrix foldedNumbers(const Shape& shape, const FoldRule& fold) {
    Matrix matrix(fold.rows(shape), fold.cols(shape));
    const std::vector<int> columnAxes = fold.columnAxes(shape);
    std::vector<Index> position(shape.size(), 0);
    for (Index number = 0; number < elementCount(shape); ++number) {
        Index rest = number;
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            position[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        Index row = 0;
        for (const int axis : fold.rowAxes) {
            row = row * shape[static_cast<std::size_t>(axis)] +
                  position[static_cast<std::size_t>(axis)];
        }
        Index col = 0;
        for (const int axis : columnAxes) {
            col = col * shape[static_cast<std::size_t>(axis)] +
                  position[static_cast<std::size_t>(axis)];
        }
        matrix(row, col) = static_cast<float>(number);
    }
    return matrix;
}

void writeRowsOf(TensorWriter& writer, const std::string& name, const Shape& shape,
                 const FoldRule& fold, const Matrix& matrix) {
    writer.write(
        name, shape, fold,
        [&](Index first, MatrixSpan out) { ViewSource(matrix.view()).read(first, out, {}); }, {});
}

}  // namespace

class TestTensorWriter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void foldingIsUndone_data();
    void foldingIsUndone();
    void largeTransposedTensor();
    void attributesAndEmptyTensors();
    void nothingAppearsBeforeFinish();
    void stops();

private:
    std::filesystem::path pathOf(const std::string& name) const {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }
    QTemporaryDir m_folder;
};

void TestTensorWriter::foldingIsUndone_data() {
    QTest::addColumn<QString>("fold");
    QTest::addColumn<bool>("compress");
    for (const char* fold : {"rows=0", "rows=3", "rows=2,3", "rows=3,0", "rows=", "rows=1,0,2,3",
                             "rows=0,1,2", "rows=2"}) {
        QTest::newRow(fold) << QString(fold) << false;
        QTest::newRow((std::string(fold) + " gzip").c_str()) << QString(fold) << true;
    }
}

void TestTensorWriter::foldingIsUndone() {
    QFETCH(QString, fold);
    QFETCH(bool, compress);
    const FoldRule rule = FoldRule::parse(fold.toStdString());
    const Shape shape = {3, 5, 4, 7};
    const auto path = pathOf("folded.h5");
    TensorWriter writer(path, compress);
    writeRowsOf(writer, "group/kernel", shape, rule, foldedNumbers(shape, rule));
    writer.finish();

    const auto file = test::openProbed(path);
    const TensorInfo* info = file->find("group/kernel");
    QVERIFY(info != nullptr);
    QCOMPARE(info->shape, shape);
    const std::vector<double> values = file->readDoubles("group/kernel");
    for (std::size_t i = 0; i < values.size(); ++i)
        QCOMPARE(values[i], static_cast<double>(i));
    // And the reader folds as the definition says.
    const Matrix expected = foldedNumbers(shape, rule);
    const Matrix read = readAll(*file->source("group/kernel", rule), {});
    for (Index r = 0; r < read.rows(); ++r) {
        for (Index c = 0; c < read.cols(); ++c)
            QCOMPARE(read(r, c), expected(r, c));
    }
}

void TestTensorWriter::largeTransposedTensor() {
    // More than one band of 32 MiB, so that bands are cut and put together.
    const Shape shape = {4099, 2203};
    const FoldRule transposed{{1}};
    TensorWriter writer(pathOf("large.h5"));
    writer.write("w", shape, transposed,
                 [](Index first, MatrixSpan out) {
                     for (Index r = 0; r < out.rows; ++r) {
                         for (Index c = 0; c < out.cols; ++c) {
                             out(r, c) = static_cast<float>((c * 2203 + first + r) % 16777213);
                         }
                     }
                 },
                 {});
    writer.finish();
    const auto file = test::openProbed(pathOf("large.h5"));
    const std::vector<double> values = file->readDoubles("w");
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] != static_cast<double>(i % 16777213)) QFAIL("wrong value in file order");
    }
    const auto source = file->source("w", transposed);
    Matrix rows(700, shape[0]);
    source->read(1900 - 300, rows.span().middleRows(0, 603), {});
    for (Index r = 0; r < 603; ++r) {
        for (Index c = 0; c < shape[0]; ++c) {
            const auto expected = static_cast<float>((c * 2203 + 1600 + r) % 16777213);
            if (rows(r, c) != expected) QFAIL("wrong value in folded order");
        }
    }
}

void TestTensorWriter::attributesAndEmptyTensors() {
    TensorWriter writer(pathOf("attributes.h5"));
    writer.writeAttribute("config", "{\"a\": 1}");
    writer.writeAttribute("empty", "");
    writeRowsOf(writer, "none", {0, 4}, {{0}}, Matrix(0, 4));
    writer.finish();
    const auto file = test::openProbed(pathOf("attributes.h5"));
    QCOMPARE(file->rootAttributes().at("config"), std::string("{\"a\": 1}"));
    QCOMPARE(file->rootAttributes().at("empty"), std::string());
    QVERIFY(!file->find("none")->quantizable);
}

void TestTensorWriter::nothingAppearsBeforeFinish() {
    const auto folder = pathOf("unfinished");
    std::filesystem::create_directory(folder);
    {
        TensorWriter writer(folder / "x.h5");
        writeRowsOf(writer, "w", {2, 2}, {{0}}, Matrix(2, 2));
        QVERIFY(!std::filesystem::exists(folder / "x.h5"));
        QVERIFY_EXCEPTION_THROWN(writeRowsOf(writer, "w/below", {2, 2}, {{0}}, Matrix(2, 2)),
                                 Error);
    }
    QVERIFY(std::filesystem::is_empty(folder));
}

void TestTensorWriter::stops() {
    TensorWriter writer(pathOf("stopped.h5"));
    std::stop_source stop;
    const auto write = [&] {
        writer.write(
            "w", {100000, 100}, {{0}}, [&](Index, MatrixSpan) { stop.request_stop(); },
            stop.get_token());
    };
    QVERIFY_EXCEPTION_THROWN(write(), Cancelled);
}

QTEST_APPLESS_MAIN(TestTensorWriter)
#include "tst_tensor_writer.moc"
