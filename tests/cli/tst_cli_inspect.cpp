// SPDX-License-Identifier: GPL-3.0-or-later
// `inspect` on files that other programs wrote, against what NumPy found in them.
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <map>

#include "tests/cli/cli_process.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/test_files.h"

using namespace quantscope;
using test::runCliWell;

namespace {

using Fields = std::vector<std::string>;

std::map<QString, std::vector<Fields>> byFile(const std::string& csv) {
    std::map<QString, std::vector<Fields>> files;
    for (const Fields& fields : test::readCsv(csv))
        files[QString::fromStdString(fields[0])].push_back(fields);
    return files;
}

const Json& tensorOf(const Json& document, const std::string& name) {
    static const Json none;
    for (const Json& tensor : document["tensors"]) {
        if (tensor["name"] == name) return tensor;
    }
    return none;
}

std::string shapeText(const Json& shape) {
    std::string text;
    for (const Json& length : shape)
        text += (text.empty() ? "" : "x") + length.dump();
    return text;
}

// Values are kept as float32, so that is how far they can be right.
bool agree(const Json& actual, const std::string& expected, double scale) {
    if (expected.empty()) return actual.is_null();  // Nothing is finite.
    const double wanted = test::number(expected);
    return actual.is_number() &&
           std::abs(actual.get<double>() - wanted) <= 2e-7 * std::max(std::abs(wanted), scale);
}

}  // namespace

class TestCliInspect : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bundledFiles_data() {
        QTest::addColumn<std::vector<Fields>>("rows");
        for (const auto& [file, rows] : byFile(QUANTSCOPE_TEST_DATA_DIR "/TENSORS.csv"))
            QTest::newRow(qPrintable(file)) << rows;
    }
    // Columns: file, dataset, dtype, shape, min, max, mean, sum of squares.
    void bundledFiles() {
        QFETCH(std::vector<Fields>, rows);
        const QString file = test::datasetPath(QString::fromUtf8(QTest::currentDataTag()));
        const Json document = runCliWell({"inspect", file, "--stats", "--json"}).json();
        QCOMPARE(document["file"].get<std::string>(), file.toStdString());
        for (const Fields& fields : rows) {
            const Json& tensor = tensorOf(document, fields[1].substr(1));
            QVERIFY2(!tensor.is_null(), fields[1].c_str());
            if (fields[3] == "scalar") {
                QVERIFY(tensor["shape"].empty() && !tensor["quantizable"].get<bool>());
                continue;
            }
            QCOMPARE(shapeText(tensor["shape"]), fields[3]);
            const Json& stats = tensor["stats"];
            QVERIFY2(agree(stats["min"], fields[4], 0.0), fields[1].c_str());
            QVERIFY2(agree(stats["max"], fields[5], 0.0), fields[1].c_str());
            const double mean = stats["mean"].get<double>();
            const double deviation = stats["std"].get<double>();
            double count = 1.0;
            for (const Json& length : tensor["shape"])
                count *= length.get<double>();
            const double squares = test::number(fields[7]);
            QVERIFY2(std::abs(mean - test::number(fields[6])) <= 1e-6 * std::sqrt(squares / count),
                     fields[1].c_str());
            QVERIFY2(
                std::abs(count * (mean * mean + deviation * deviation) - squares) <= 1e-6 * squares,
                fields[1].c_str());
        }
    }

    void filesOfOtherPrograms_data() {
        QTest::addColumn<std::vector<Fields>>("rows");
        for (const auto& [file, rows] : byFile(QUANTSCOPE_TEST_DATA_DIR "/userfiles/EXPECTED.csv"))
            QTest::newRow(qPrintable(file)) << rows;
    }
    // Columns: file, name, shape, quantizable, min, max, mean, std, zeros, nan, inf.
    void filesOfOtherPrograms() {
        QFETCH(std::vector<Fields>, rows);
        const QString file = test::userFile(QString::fromUtf8(QTest::currentDataTag()));
        const Json document = runCliWell({"inspect", file, "--stats", "--json"}).json();
        QCOMPARE(document["tensors"].size(), rows.size());
        for (const Fields& fields : rows) {
            const char* name = fields[1].c_str();
            const Json& tensor = tensorOf(document, fields[1]);
            QVERIFY2(!tensor.is_null(), name);
            QCOMPARE(shapeText(tensor["shape"]), fields[2]);
            QVERIFY2(tensor["quantizable"].get<bool>() == (fields[3] == "yes"), name);
            if (fields[3] == "no") {
                QVERIFY2(!tensor["reason"].get<std::string>().empty(), name);
                continue;
            }
            const Json& stats = tensor["stats"];
            const double scale = test::number(fields[7]);
            QVERIFY2(agree(stats["min"], fields[4], 0.0), name);
            QVERIFY2(agree(stats["max"], fields[5], 0.0), name);
            QVERIFY2(agree(stats["mean"], fields[6], scale), name);
            QVERIFY2(agree(stats["std"], fields[7], scale), name);
            QCOMPARE(stats["zeros"].dump(), fields[8]);
            QCOMPARE(stats["nan"].dump(), fields[9]);
            QCOMPARE(stats["inf"].dump(), fields[10]);
        }
    }

    void layouts_data() {
        QTest::addColumn<QString>("layout");
        QTest::newRow("keras3.weights.h5") << "keras3";
        QTest::newRow("sift-like-16-euclidean.hdf5") << "ann-benchmarks";
        QTest::newRow("integers-12-angular.hdf5") << "ann-benchmarks";
        QTest::newRow("matlab-weights.mat") << "matlab-7.3";
        QTest::newRow("cells.h5ad") << "h5ad";
        QTest::newRow("torch-state.h5") << "hugging-face";
        QTest::newRow("odd-names.h5") << "generic";
    }
    void layouts() {
        QFETCH(QString, layout);
        const QString file = test::userFile(QString::fromUtf8(QTest::currentDataTag()));
        const Json document = runCliWell({"inspect", file, "--json"}).json();
        QCOMPARE(QString::fromStdString(document["layout"].get<std::string>()), layout);
        for (const Json& tensor : document["tensors"])
            QVERIFY(!tensor.contains("stats"));
    }

    void keysAreThoseOfTheInterface() {
        const Json document =
            runCliWell({"inspect", test::userFile("odd-types.h5"), "--stats", "--json"}).json();
        for (const char* key : {"file", "layout", "tensors"})
            QVERIFY2(document.contains(key), key);
        const Json& tensor = tensorOf(document, "float64");
        for (const char* key :
             {"name", "shape", "dtype", "bytes", "quantizable", "reason", "orientation", "stats"}) {
            QVERIFY2(tensor.contains(key), key);
        }
        for (const char* key : {"min", "max", "mean", "std", "kurtosis", "zeros", "nan", "inf"})
            QVERIFY2(tensor["stats"].contains(key), key);
        QCOMPARE(tensor["bytes"].get<int>(), 12 * 20 * 8);
    }

    // No figures are made up where there is nothing that they could describe.
    void nothingFiniteHasNoFigures() {
        const QTemporaryDir folder;
        const QString file = folder.filePath("nan.h5");
        const float nan = std::nanf("");
        test::Hdf5Fixture(file.toStdString()).addFloats("w", {2, 2}, {nan, nan, INFINITY, nan});
        const Json stats =
            runCliWell({"inspect", file, "--stats", "--json"}).json()["tensors"][0]["stats"];
        for (const char* key : {"min", "max", "mean", "std", "kurtosis"})
            QVERIFY2(stats[key].is_null(), key);
        QCOMPARE(stats["nan"].get<int>(), 3);
        QCOMPARE(stats["inf"].get<int>(), 1);
        const QString row = runCliWell({"inspect", file, "--stats"}).outText().split('\n')[1];
        QVERIFY2(row.simplified().startsWith("w 2x2 float32 16 B none none none none none 0 3 1 0"),
                 qPrintable(row));
    }

    // Names that are too long, or would turn the line around, are shown so that nothing else moves;
    // the spelling that is shown is understood.
    void oddNamesAreShownAndUnderstood() {
        const QTemporaryDir folder;
        const QString file = folder.filePath("names.h5");
        {
            test::Hdf5Fixture fixture(file.toStdString());
            const auto add = [&](const std::string& name) {
                fixture.addFloats(name, {2, 2}, {1, 2, 3, 4});
            };
            add("begin" + std::string(300, 'x') + "end");
            add("\xE2\x80\xAE"
                "RTL");
            add("line\nbreak");
            add("w[1]");
            add("w1");
            add("a*");
            add("ab");
        }
        const QString table = runCliWell({"inspect", file}).outText();
        for (const QString& line : table.split('\n'))
            QVERIFY2(line.size() < 160, qPrintable(line));
        QVERIFY2(table.contains(QRegularExpression("beginx+\\.\\.\\.x+end ")), qPrintable(table));
        const auto chosen = [&](const QString& pattern) {
            return runCliWell({"inspect", file, "--tensor", pattern, "--json"}).json()["tensors"];
        };
        for (const auto& [shown, name] : {std::pair{"\\xE2\\x80\\xAERTL",
                                                    "\xE2\x80\xAE"
                                                    "RTL"},
                                          std::pair{"line\\x0Abreak", "line\nbreak"},
                                          std::pair{"w[1]", "w[1]"}, std::pair{"a*", "a*"}}) {
            QVERIFY2(table.contains(QString::fromUtf8(shown)) || table.contains(shown), shown);
            const Json tensors = chosen(QString::fromUtf8(shown));
            QCOMPARE(tensors.size(), std::size_t{1});
            QCOMPARE(tensors[0]["name"].get<std::string>(), std::string(name));
        }
        QCOMPARE(chosen("w?").size(), std::size_t{1});
        const Json trials = runCliWell({"quantize", file, "--tensor", "a*", "--method",
                                        "scalar:granularity=tensor", "--json"})
                                .json();
        QCOMPARE(trials.size(), std::size_t{1});
    }

    void linksReadWell() {
        const QString text = runCliWell({"inspect", QStringLiteral(QUANTSCOPE_TEST_DATA_DIR
                                                                   "/h5files/gen-links.h5")})
                                 .outText();
        QVERIFY2(text.contains("there is no such object; soft link to /nowhere"), qPrintable(text));
        QVERIFY2(text.contains("--follow-external-links; external link"), qPrintable(text));
    }

    void tableSaysTheSame() {
        const QString text =
            runCliWell({"inspect", test::userFile("keras3.weights.h5"), "--stats"}).outText();
        QVERIFY2(text.contains("layers/conv2d/vars/0"), qPrintable(text));
        QVERIFY2(text.contains("3x3x4x8"), qPrintable(text));
        QVERIFY2(text.contains("layout keras3"), qPrintable(text));
    }
};

QTEST_GUILESS_MAIN(TestCliInspect)
#include "tst_cli_inspect.moc"
