// SPDX-License-Identifier: GPL-3.0-or-later
// Which rows a preview works on, and what is read for them.
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <numeric>

#include "app/jobs/row_sample.h"
#include "plugins/pq/pq_method.h"
#include "plugins/rvq/rvq_method.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/read_meter.h"
#include "tests/core/test_files.h"

using namespace quantscope;

namespace {

// In the file, element (i, j) is i * width + j; all are whole numbers below 2^24.
constexpr Index height = 2048;
constexpr Index width = 8192;

std::shared_ptr<TensorFile> makeFile(const QTemporaryDir& folder) {
    const std::filesystem::path path = folder.filePath("matrix.h5").toStdString();
    std::vector<float> values(height * width);
    std::iota(values.begin(), values.end(), 0.0F);
    test::Hdf5Fixture(path).addFloats("w", {height, width}, values);
    return test::openProbed(path);
}

}  // namespace

class TestRowSample : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Codebooks of 256 codewords want 39 vectors for each; fewer would be learned by heart.
    void samplesSufficeForTraining_data() {
        QTest::addColumn<bool>("residual");
        QTest::addColumn<QString>("parameters");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<int>("least");
        QTest::addColumn<int>("most");
        QTest::newRow("small codebooks")
            << false << R"({"m": 8, "bits": 4})" << 20000 << 128 << 512 << 4096;
        QTest::newRow("large codebooks")
            << false << R"({"m": 8, "bits": 8})" << 20000 << 128 << 9984 << 20000;
        QTest::newRow("a row is one vector of few")
            << true << R"({"stages": 4, "bits": 8, "dim": 8})" << 64 << 176 << 64 << 64;
        QTest::newRow("as much as may be kept")
            << false << R"({"m": 1, "bits": 16})" << 2000000 << 128 << 65536 << 65536;
        QTest::newRow("a tensor that is sampled for training anyway")
            << false << R"({"m": 8, "bits": 8})" << 1000000 << 128 << 9984 << 16384;
        QTest::newRow("more vectors than are trained on")
            << true << R"({"stages": 4, "bits": 8, "dim": 8})" << 4096 << 4096 << 32 << 128;
    }
    void samplesSufficeForTraining() {
        QFETCH(bool, residual);
        QFETCH(QString, parameters);
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(int, least);
        QFETCH(int, most);
        MethodRegistry registry;
        registry.add(std::make_shared<pq::PqMethod>());
        registry.add(std::make_shared<rvq::RvqMethod>());
        const auto quantizer =
            registry.quantizer({residual ? "rvq" : "pq", Json::parse(parameters.toStdString())});
        const Index count = previewRows(*quantizer, rows, cols, {});
        QVERIFY2(count >= least && count <= most, qPrintable(QString::number(count)));
    }

    void rowsAreEvenlySpaced_data() {
        QTest::addColumn<int>("axis");
        QTest::addColumn<bool>("normalized");
        QTest::newRow("rows of the file") << 0 << false;
        QTest::newRow("columns of the file") << 1 << false;
        QTest::newRow("columns, normalized") << 1 << true;
    }
    void rowsAreEvenlySpaced() {
        QFETCH(int, axis);
        QFETCH(bool, normalized);
        const QTemporaryDir folder;
        const auto file = makeFile(folder);
        const SelectedTensor tensor{file->find("w"), FoldRule{{axis}}, normalized, false};
        constexpr Index count = 24;
        const test::ReadMeter meter;
        const Matrix sample = sampleTensor(*file, tensor, count, {});
        // Rows of a file are read alone; for its columns, the file is read once.
        const std::uint64_t needed = sizeof(float) * (axis == 0 ? count * width : height * width);
        QVERIFY2(meter.bytesRead() <= needed + (std::uint64_t{1} << 20),
                 qPrintable(QString::number(meter.bytesRead())));
        QCOMPARE(sample.rows(), count);
        QCOMPARE(sample.cols(), axis == 0 ? width : height);
        for (Index i = 0; i < count; ++i) {
            const Index row = i * (axis == 0 ? height : width) / count;
            std::vector<double> expected;
            double energy = 0.0;
            for (Index c = 0; c < sample.cols(); ++c) {
                const Index value = axis == 0 ? row * width + c : c * width + row;
                expected.push_back(static_cast<double>(value));
                energy += expected.back() * expected.back();
            }
            const double scale = normalized ? 1.0 / std::sqrt(energy) : 1.0;
            for (Index c = 0; c < sample.cols(); ++c) {
                QVERIFY(std::abs(static_cast<double>(sample(i, c)) -
                                 scale * expected[static_cast<std::size_t>(c)]) <=
                        (normalized ? 1e-7 : 0.0));
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestRowSample)
#include "tst_row_sample.moc"
