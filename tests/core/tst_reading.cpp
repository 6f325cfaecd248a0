// SPDX-License-Identifier: GPL-3.0-or-later
// Element types, foldings by layout, links, and filters that are missing, in files that other
// programs wrote.
#include <QTemporaryDir>
#include <QtTest>

#include <bit>
#include <cmath>

#include "core/base/error.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/test_files.h"

using namespace quantscope;

namespace {

std::filesystem::path userFile(const std::string& name) {
    return std::filesystem::path(QUANTSCOPE_TEST_DATA_DIR) / "userfiles" / name;
}

std::vector<float> valuesOf(const TensorFile& file, const std::string& name) {
    const TensorInfo* info = file.find(name);
    if (info == nullptr) throw Error("no " + name);
    const Matrix values = readAll(*file.source(name, info->fold), {});
    return {values.data(), values.data() + values.view().size()};
}

// The nearest float16, ties to even, for values in its normal range.
float toHalf(float value) {
    const int exponent = std::ilogb(value);
    return std::ldexp(std::nearbyint(std::ldexp(value, 10 - exponent)), exponent - 10);
}

// bfloat16 keeps the upper half of a float.
float upperHalf(float value) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xFFFF0000U);
}

}  // namespace

class TestReading : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void byteOrderDoesNotMatter_data() {
        QTest::addColumn<QString>("one");
        QTest::addColumn<QString>("other");
        QTest::newRow("float64") << "float64"
                                 << "float64-big-endian";
        QTest::newRow("int16") << "little-i2"
                               << "big-i2";
        QTest::newRow("width") << "big-i2"
                               << "big-i4";
        QTest::newRow("int64") << "big-i4"
                               << "little-i8";
        QTest::newRow("int8") << "i1"
                              << "little-i2";
        QTest::newRow("compressed") << "compressed"
                                    << "float64";
        QTest::newRow("bfloat16") << "bfloat16-opaque"
                                  << "bfloat16-words";
    }
    // NumPy wrote the same matrix in each of these types.
    void byteOrderDoesNotMatter() {
        QFETCH(QString, one);
        QFETCH(QString, other);
        const auto file = test::openProbed(userFile("odd-types.h5"));
        const std::vector<float> values = valuesOf(*file, one.toStdString());
        QCOMPARE(values.size(), std::size_t{240});
        QCOMPARE(values, valuesOf(*file, other.toStdString()));
    }

    void shortFloats() {
        const auto file = test::openProbed(userFile("odd-types.h5"));
        const std::vector<float> whole = valuesOf(*file, "float64");
        const std::vector<float> half = valuesOf(*file, "float16");
        const std::vector<float> brain = valuesOf(*file, "bfloat16-opaque");
        for (std::size_t i = 0; i < whole.size(); ++i) {
            QCOMPARE(half[i], toHalf(whole[i]));
            QCOMPARE(brain[i], upperHalf(whole[i]));
        }
    }

    // h5py wrote the numbers as they come, so position i of a Keras kernel (in, out) is known from
    // those of another reading.
    void foldings() {
        const auto file = test::openProbed(userFile("keras3.weights.h5"));
        const auto stored = [&](const char* name, const FoldRule& fold) {
            return readAll(*file->source(name, fold), {});
        };
        const TensorInfo* dense = file->find("layers/dense/vars/0");
        QCOMPARE(dense->fold.toText(), std::string("rows=1"));
        const Matrix plain = stored("layers/dense/vars/0", FoldRule{{0}});
        const Matrix turned = stored("layers/dense/vars/0", dense->fold);
        QCOMPARE(turned.rows(), Index{10});
        for (Index r = 0; r < 10; ++r) {
            for (Index c = 0; c < 32; ++c)
                QCOMPARE(turned(r, c), plain(c, r));
        }
        const TensorInfo* kernel = file->find("layers/conv2d/vars/0");
        QCOMPARE(kernel->fold.toText(), std::string("rows=3"));
        const Matrix flat = stored("layers/conv2d/vars/0", FoldRule{{}});
        const Matrix channels = stored("layers/conv2d/vars/0", kernel->fold);
        QCOMPARE(channels.cols(), Index{36});
        for (Index out = 0; out < 8; ++out) {
            for (Index place = 0; place < 36; ++place)
                QCOMPARE(channels(out, place), flat(0, place * 8 + out));
        }
    }

    void fiveAxes() {
        const auto file = test::openProbed(userFile("odd-shapes.h5"));
        const Matrix flat = readAll(*file->source("five dimensions", FoldRule{{}}), {});
        const Matrix folded = readAll(*file->source("five dimensions", FoldRule{{4, 1}}), {});
        QCOMPARE(folded.rows(), Index{18});
        QCOMPARE(folded.cols(), Index{40});
        // Axes 2, 3, 4, 5, 6: rows by (e, b), columns by (a, c, d).
        for (Index a = 0; a < 2; ++a) {
            for (Index b = 0; b < 3; ++b) {
                for (Index c = 0; c < 4; ++c) {
                    for (Index d = 0; d < 5; ++d) {
                        for (Index e = 0; e < 6; ++e) {
                            const Index at = (((a * 3 + b) * 4 + c) * 5 + d) * 6 + e;
                            QCOMPARE(folded(e * 3 + b, (a * 4 + c) * 5 + d), flat(0, at));
                        }
                    }
                }
            }
        }
    }

    void links() {
        const auto file = test::openProbed(test::h5file("gen-links.h5"));
        QCOMPARE(valuesOf(*file, "soft"), valuesOf(*file, "a/w"));
        QCOMPARE(valuesOf(*file, "a/hard"), valuesOf(*file, "a/w"));
        QVERIFY(file->find("soft")->link.find("/a/w") != std::string::npos);
        for (const auto& [name, says] : {std::pair{"dangling", "no such object"},
                                         {"soft_loop1", "circle"},
                                         {"a/parent_cycle", "listed there"},
                                         {"external_ok", "--follow-external-links"}}) {
            const TensorInfo* info = file->find(name);
            QVERIFY2(info != nullptr, name);
            QVERIFY2(!info->quantizable && info->reason.find(says) != std::string::npos,
                     info->reason.c_str());
        }
    }

    void externalLinksOnRequest() {
        const auto file = test::openProbed(test::h5file("gen-links.h5"), true);
        const auto target = test::openProbed(test::h5file("gen-links-target.h5"));
        QCOMPARE(valuesOf(*file, "external_ok"), valuesOf(*target, "deep/er/w"));
        for (const auto& [name, says] : {std::pair{"external_missing_file", "not-there.h5"},
                                         {"external_missing_object", "no such object"},
                                         {"external_absolute_path", "is not an HDF5 file"},
                                         {"external_to_self", "circle"},
                                         {"virtual_half_missing", "missing-source.h5"}}) {
            const TensorInfo* info = file->find(name);
            QVERIFY2(info != nullptr, name);
            QVERIFY2(!info->quantizable && info->reason.find(says) != std::string::npos,
                     info->reason.c_str());
        }
    }

    void aFileThatIsBeingWrittenIsRefusedWhateverItsName() {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString() + "/blocks.h5";
        const test::Hdf5Fixture writing(path);
        QVERIFY_THROWS_EXCEPTION(Error, test::openProbed(path));
    }

    void recallNeedsAKnownDistance_data() {
        QTest::addColumn<QString>("distance");
        QTest::addColumn<bool>("known");
        QTest::addColumn<bool>("angular");
        QTest::newRow("euclidean") << "euclidean" << true << false;
        QTest::newRow("angular") << "angular" << true << true;
        QTest::newRow("hamming") << "hamming" << false << false;
        QTest::newRow("inner product") << "ip" << false << false;
    }
    void recallNeedsAKnownDistance() {
        QFETCH(QString, distance);
        QFETCH(bool, known);
        QFETCH(bool, angular);
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString() + "/vectors.h5";
        {
            test::Hdf5Fixture file(path);
            file.addFloats("train", {3, 2}, {1, 2, 3, 4, 5, 6});
            file.addFloats("test", {1, 2}, {1, 2});
            file.addIntegers("neighbors", {1, 2}, {0, 1});
            file.setText("/", "distance", distance.toStdString());
        }
        const auto file = test::openProbed(path);
        QCOMPARE(file->groundTruth().has_value(), known);
        if (known) QCOMPARE(file->groundTruth()->angular, angular);
        // What is left out is told, with the distance's name.
        const std::string& reason = file->find("train")->reason;
        QCOMPARE(reason.find(distance.toStdString()) == std::string::npos, known);
        QVERIFY(file->find("train")->quantizable);
    }

    void missingFilters_data() {
        QTest::addColumn<QString>("tensor");
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QString>("package");
        QTest::newRow("gen-layouts.h5") << "lzf"
                                        << "LZF (filter 32000)"
                                        << "hdf5-plugin-lzf";
        QTest::newRow("blosc_bigendian.h5") << "i4"
                                            << "Blosc (filter 32001)"
                                            << "hdf5-filter-plugin-blosc-serial";
        QTest::newRow("bitshuffle_datasets.hdf5") << "float32_bs0_comp0"
                                                  << "bitshuffle (filter 32008)"
                                                  << "hdf5-filter-plugin";
        QTest::newRow("test_zfp_be.h5") << "compressed"
                                        << "ZFP (filter 32013)"
                                        << "hdf5-filter-plugin-zfp-serial";
    }
    // As on a machine that has none of them.
    void missingFilters() {
        QFETCH(QString, tensor);
        QFETCH(QString, filter);
        QFETCH(QString, package);
        qputenv("HDF5_PLUGIN_PATH", "/nonexistent");
        const auto file = test::openProbed(test::h5file(QTest::currentDataTag()));
        const TensorInfo* info = file->find(tensor.toStdString());
        QVERIFY(info != nullptr && !info->quantizable);
        const QString reason = QString::fromStdString(info->reason);
        QVERIFY2(reason.contains(filter), qPrintable(reason));
        QVERIFY2(reason.contains("package " + package + ","), qPrintable(reason));
        QVERIFY_EXCEPTION_THROWN(file->source(info->name, info->fold), Error);
    }
};

QTEST_GUILESS_MAIN(TestReading)
#include "tst_reading.moc"
