// SPDX-License-Identifier: GPL-3.0-or-later
// What can be had from a result folder: decoded tensors, tables, strings, figures.
#include <QDir>
#include <QImage>
#include <QTemporaryDir>
#include <QXmlStreamReader>
#include <QtTest>

#include <cmath>
#include <set>

#include "core/io/tensor_file.h"
#include "core/tensor/tensor_source.h"
#include "tests/cli/cli_process.h"
#include "tests/core/test_files.h"

using namespace quantscope;
using test::runCliWell;

namespace {

const QString queryProj = QStringLiteral("model.layers.0.self_attn.q_proj.weight");

Matrix valuesOf(const QString& path, const std::string& tensor) {
    const auto file = TensorFile::open(path.toStdString(), {});
    return readAll(*file->source(tensor, FoldRule{{0}}), {});
}

double relativeError(const Matrix& original, const Matrix& decoded) {
    double error = 0.0;
    double energy = 0.0;
    for (Index i = 0; i < original.view().size(); ++i) {
        const double w = original.data()[i];
        error += (w - decoded.data()[i]) * (w - decoded.data()[i]);
        energy += w * w;
    }
    return error / energy;
}

QStringList textsOf(const QString& svg) {
    QFile file(svg);
    if (!file.open(QIODevice::ReadOnly)) return {};
    QXmlStreamReader xml(&file);
    QStringList texts;
    while (!xml.atEnd()) {
        if (xml.readNext() == QXmlStreamReader::StartElement && xml.name() == u"text")
            texts << xml.readElementText(QXmlStreamReader::IncludeChildElements).trimmed();
    }
    return xml.hasError() ? QStringList(xml.errorString()) : texts;
}

QList<QStringList> csvRows(const QByteArray& csv) {
    QList<QStringList> rows;
    for (const QString& line : QString::fromUtf8(csv).split("\r\n", Qt::SkipEmptyParts)) {
        // Commas inside quotes belong to a field; none of these fields has a quote in it.
        QStringList fields = {QString()};
        bool quoted = false;
        for (const QChar letter : line) {
            if (letter == u'"') {
                quoted = !quoted;
            } else if (letter == u',' && !quoted) {
                fields << QString();
            } else {
                fields.last() += letter;
            }
        }
        rows << fields;
    }
    return rows;
}

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

class TestCliResults : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_run;
    Json m_trials;

    QString inFolder(const QString& name) const { return m_folder.filePath(name); }
    Json plot(const QStringList& more) const {
        return runCliWell(QStringList{"plot", m_run, "--json"} + more).json();
    }

private Q_SLOTS:
    void initTestCase() {
        m_run = inFolder("run");
        m_trials =
            runCliWell({"quantize", test::datasetPath("stories260k.h5"), "--tensor",
                        "model.layers.[01].self_attn.[qv]_proj.weight", "--method",
                        "scalar:bits=[3,4]", "--method", "pq:m=8,bits=4", "--out", m_run, "--json"})
                .json();
        QCOMPARE(m_trials.size(), std::size_t{12});
    }

    void decodedIsWhatWasMeasured() {
        const Json records =
            runCliWell({"export", m_run, "--format", "json", "--trial", ""}).json();
        for (const Json& record : records) {
            const std::string id = record["trial"].get<std::string>();
            const QString out = inFolder(QString::fromStdString(id) + ".h5");
            const Json decoded =
                runCliWell({"decode", m_run + "/artifacts/" + QString::fromStdString(id) + ".h5",
                            "--out", out, "--json"})
                    .json();
            const std::string tensor = record["tensor"].get<std::string>();
            QCOMPARE(decoded[0]["tensor"].get<std::string>(), tensor);
            QVERIFY(decoded[0]["shape"] == record["shape"]);
            const Matrix original = valuesOf(test::datasetPath("stories260k.h5"), tensor);
            const double nmse = record["metrics"]["nmse"].get<double>();
            const double found = relativeError(original, valuesOf(out, tensor));
            QVERIFY2(std::abs(found / nmse - 1.0) < 1e-6, record.dump().c_str());
        }
        QCOMPARE(records.size(), std::size_t{12});
    }

    // Codes and codebooks, read by hand, are the values that `decode` writes.
    void unpackedCodesAreTheValues_data() {
        QTest::addColumn<QString>("method");
        QTest::newRow("concatenated") << "pq:m=8,bits=4";
        QTest::newRow("summed") << "rvq:stages=3,bits=4,dim=8";
        QTest::newRow("wide codes") << "kmeans:bits=9,dim=4";
        QTest::newRow("sums side by side") << "rvq:stage_bits=5+3,dim=8,groups=2";
        QTest::newRow("slices of different widths") << "pq:m=8,bits=3,allocation=variance";
    }
    void unpackedCodesAreTheValues() {
        QFETCH(QString, method);
        const QTemporaryDir folder;
        const QString run = folder.filePath("run");
        const Json trials = runCliWell({"quantize", test::datasetPath("stories260k.h5"), "--tensor",
                                        queryProj, "--method", method, "--out", run, "--json"})
                                .json();
        const QDir artifacts(run + "/artifacts");
        const QString artifact = artifacts.filePath(artifacts.entryList({"*.h5"}).value(0));
        const QString decoded = folder.filePath("decoded.h5");
        const QString unpacked = folder.filePath("unpacked.h5");
        const QString arrays = folder.filePath("arrays");
        runCliWell({"decode", artifact, "--out", decoded});
        const Json about =
            runCliWell({"unpack", artifact, "--out", unpacked, "--json"}).json().at(0);
        runCliWell({"unpack", artifact, "--npy", arrays});

        const Matrix values = valuesOf(decoded, queryProj.toStdString());
        const auto file = TensorFile::open(unpacked.toStdString(), {});
        const std::string group = queryProj.toStdString() + "/";
        const TensorInfo codesInfo = *file->find(group + "codes");
        const std::vector<std::int64_t> codes = file->readIntegers(group + "codes");
        QCOMPARE(codesInfo.shape.size(), std::size_t{3});
        QCOMPARE(codesInfo.shape[0], values.rows());
        std::vector<Matrix> books;
        for (const Json& name : about["codebooks"])
            books.push_back(
                readAll(*file->source(group + name.get<std::string>(), FoldRule{{0}}), {}));
        QCOMPARE(static_cast<Index>(books.size()), codesInfo.shape[2]);
        auto code = codes.begin();
        for (Index row = 0; row < values.rows(); ++row) {
            std::vector<float> coded;
            for (Index vector = 0; vector < codesInfo.shape[1]; ++vector) {
                for (std::size_t book = 0; book < books.size(); ++book) {
                    const std::span<const float> word = books[book].view().row(*code++);
                    if (book % (books.size() / about["parts"].get<std::size_t>()) == 0) {
                        coded.insert(coded.end(), word.begin(), word.end());
                    } else {
                        const auto part = coded.end() - static_cast<std::ptrdiff_t>(word.size());
                        std::ranges::transform(word, std::span(part, word.size()), part,
                                               std::plus());
                    }
                }
            }
            for (Index c = 0; c < values.cols(); ++c)
                QCOMPARE(coded[static_cast<std::size_t>(c)], values(row, c));
        }

        // A .npy file is a header of whole lines of 64 bytes and then the numbers.
        const QByteArray npy = contentOf(arrays + "/" + queryProj + "/codes.npy");
        QVERIFY(npy.startsWith(QByteArray("\x93NUMPY\x01\x00", 8)));
        const int header =
            10 + static_cast<unsigned char>(npy[8]) + 256 * static_cast<unsigned char>(npy[9]);
        QCOMPARE(header % 64, 0);
        const QByteArray expected = QStringLiteral("'shape': (%1, %2, %3)")
                                        .arg(codesInfo.shape[0])
                                        .arg(codesInfo.shape[1])
                                        .arg(codesInfo.shape[2])
                                        .toLatin1();
        QVERIFY2(npy.left(header).contains(expected), npy.left(header).constData());
        const int width = method.startsWith("kmeans") ? 2 : 1;
        QCOMPARE(npy.size() - header, qsizetype{width} * static_cast<qsizetype>(codes.size()));
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const qsizetype at = header + static_cast<qsizetype>(i) * width;
            std::int64_t found = static_cast<unsigned char>(npy[at]);
            if (width == 2) found += 256 * static_cast<unsigned char>(npy[at + 1]);
            QCOMPARE(found, codes[i]);
        }
        QVERIFY(QFile::exists(arrays + "/" + queryProj + "/about.json"));

        // Nothing is replaced unasked, and other methods are refused in words.
        QCOMPARE(test::runCli({"unpack", artifact, "--npy", arrays}).exitCode, 1);
        QCOMPARE(test::runCli({"unpack", artifact, "--out", unpacked}).exitCode, 1);
        const QDir scalars(m_run + "/artifacts");
        for (const Json& trial : m_trials) {
            if (trial["method"] != "scalar:bits=3") continue;
            const Json records =
                runCliWell({"export", m_run, "--format", "json", "--trial", ""}).json();
            for (const Json& record : records) {
                if (record["label"] != "scalar:bits=3") continue;
                const QString path = scalars.filePath(
                    QString::fromStdString(record["trial"].get<std::string>()) + ".h5");
                const test::CliResult refused =
                    test::runCli({"unpack", path, "--npy", folder.filePath("none")});
                QCOMPARE(refused.exitCode, 1);
                QVERIFY2(refused.errText().contains("decode writes"), refused.err.constData());
            }
            break;
        }
    }

    // A method counts however it is written: with defaults, in another order, as a Faiss string.
    void methodsAreFoundHoweverWritten_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("code");
        QTest::newRow("as in the table") << "pq:m=4,bits=4" << 0;
        QTest::newRow("in another order, with a default") << "pq:bits=4,rotation=none,m=4" << 0;
        QTest::newRow("of Faiss") << "PQ4x4" << 0;
        QTest::newRow("another") << "pq:m=4,bits=5" << 1;
        QTest::newRow("none") << "PQ4x" << 1;
    }
    void methodsAreFoundHoweverWritten() {
        QFETCH(QString, text);
        QFETCH(int, code);
        const QTemporaryDir folder;
        const QString run = folder.filePath("run");
        runCliWell({"quantize", test::datasetPath("stories260k.h5"), "--tensor", queryProj,
                    "--method", "pq:m=4,bits=4", "--method", "scalar:bits=2", "--out", run});
        const test::CliResult result =
            test::runCli({"unpack", run, "--method", text, "--out", folder.filePath("codes.h5")});
        QCOMPARE(result.exitCode, code);
        if (code != 0) {
            QVERIFY2(result.errText().contains("Its methods are:"), result.err.constData());
        }
    }

    void firstStagesAlone() {
        const QTemporaryDir folder;
        const QString run = folder.filePath("run");
        runCliWell({"quantize", test::datasetPath("stories260k.h5"), "--tensor", queryProj,
                    "--method", "rvq:stages=3,bits=4,dim=8", "--out", run});
        const Json record = runCliWell({"export", run, "--format", "json"}).json().at(0);
        const QString artifact = run + "/artifacts/" +
                                 QString::fromStdString(record["trial"].get<std::string>()) + ".h5";
        const Matrix original =
            valuesOf(test::datasetPath("stories260k.h5"), queryProj.toStdString());
        for (int stages = 1; stages <= 3; ++stages) {
            const QString out = folder.filePath(QString::number(stages) + ".h5");
            runCliWell({"decode", artifact, "--stages", QString::number(stages), "--out", out});
            const double left = relativeError(original, valuesOf(out, queryProj.toStdString()));
            const double stated =
                record["codebooks"][static_cast<std::size_t>(stages) - 1]["residual_energy"]
                    .get<double>();
            QVERIFY2(std::abs(left / stated - 1.0) < 1e-5, qPrintable(QString::number(left)));
        }
        const test::CliResult more =
            test::runCli({"decode", artifact, "--stages", "4", "--out", folder.filePath("4.h5")});
        QCOMPARE(more.exitCode, 1);
        QVERIFY(more.errText().contains("3 stages"));
    }

    void exportedTable() {
        const QList<QStringList> rows =
            csvRows(runCliWell({"export", m_run, "--format", "csv"}).out);
        QCOMPARE(rows.size(), 13);
        const auto column = [&](const char* name) { return rows[0].indexOf(name); };
        QVERIFY(column("nmse") > 0 && column("bits_per_weight") > 0);
        std::multiset<std::string> printed;
        std::multiset<std::string> exported;
        for (const Json& trial : m_trials)
            printed.insert(trial["tensor"].get<std::string>() + trial["nmse"].dump());
        for (const QStringList& row : rows.mid(1)) {
            exported.insert(row[column("tensor")].toStdString() +
                            Json(row[column("nmse")].toDouble()).dump());
        }
        QVERIFY(exported == printed);
    }

    void exportedFaissStrings() {
        const test::CliResult result = test::runCli({"export", m_run, "--format", "faiss"});
        // Faiss has no index for the scalar trials; they are named with the reason, which is one
        // for the tensors of a method.
        QCOMPARE(result.exitCode, 1);
        QCOMPARE(result.out.count("PQ8x4np\t") + result.out.count("PQ8x4\t"), 4);
        QCOMPARE(result.err.count("not exported: "), 2);
        QCOMPARE(result.err.count(" and 3 more: "), 2);
    }

    void figuresOfEveryKind_data() {
        QTest::addColumn<QStringList>("texts");
        QTest::newRow("rate-distortion") << QStringList{"Bits per weight", "SQNR (dB)"};
        QTest::newRow("utilization") << QStringList{"Codeword, most used first"};
        QTest::newRow("shares") << QStringList{"Slice", "Share of the variance (%)"};
        QTest::newRow("training") << QStringList{"Iteration", "NMSE of the training data"};
        QTest::newRow("bits") << QStringList{"Bits per weight", "Codes", "scalar:bits=3"};
        QTest::newRow("histogram") << QStringList{"Weight", "Weights per bin (%)"};
        QTest::newRow("error-map") << QStringList{"Column", "Row"};
    }
    void figuresOfEveryKind() {
        QFETCH(QStringList, texts);
        const QString name = QString::fromUtf8(QTest::currentDataTag());
        QStringList files;
        for (const char* ending : {".svg", ".pdf", ".png", ".csv"})
            files << inFolder(name + ending);
        QStringList more = {"--figure", name, "--size", "10x7", "--dpi", "100"};
        for (const QString& file : files)
            more << "--out" << file;
        const Json document = plot(more);
        QCOMPARE(document["figure"].get<std::string>(), name.toStdString());
        QCOMPARE(document["files"].size(), std::size_t{4});
        QVERIFY(!document["trials"].empty());
        const QStringList found = textsOf(files[0]);
        for (const QString& text : texts)
            QVERIFY2(found.contains(text), qPrintable(found.join(u'|')));
        QVERIFY(contentOf(files[1]).startsWith("%PDF"));
        QCOMPARE(QImage(files[2]).size(), QSize(394, 276));
        QCOMPARE(csvRows(contentOf(files[3])).size(), document["marks"].get<int>() + 1);
    }

    // The figure's numbers are those that `quantize` printed.
    void tableOfTheTradeOff() {
        const QString file = inFolder("points.csv");
        plot({"--figure", "rate-distortion", "--metric", "nmse", "--tensor", queryProj, "--out",
              file});
        const QByteArray csv = contentOf(file);
        int found = 0;
        for (const Json& trial : m_trials) {
            if (trial["tensor"] != queryProj.toStdString()) continue;
            QVERIFY2(csv.contains(QByteArray::fromStdString(trial["nmse"].dump())),
                     csv.constData());
            ++found;
        }
        QCOMPARE(found, 3);
        QCOMPARE(csvRows(csv).size(), 4);
    }

    // Bits over weights of all tensors; here all have the same size but differ in nothing else.
    void severalTensorsAreTakenTogether() {
        const QString file = inFolder("together.csv");
        const Json document = plot({"--figure", "bits", "--out", file});
        QCOMPARE(document["marks"].get<int>(), 3);
        QCOMPARE(document["trials"].size(), std::size_t{12});
        QVERIFY2(document["notes"].dump().find("4 tensors") != std::string::npos,
                 document.dump().c_str());
        QCOMPARE(plot({"--figure", "bits", "--marks", "trials", "--out", file, "--force"})["marks"]
                     .get<int>(),
                 12);
        QCOMPARE(plot({"--figure", "bits", "--method", "pq", "--marks", "trials", "--out", file,
                       "--force"})["marks"]
                     .get<int>(),
                 4);
        QCOMPARE(plot({"--figure", "bits", "--method", "scalar:*bits=4", "--tensor", queryProj,
                       "--out", file, "--force"})["marks"]
                     .get<int>(),
                 1);
    }

    void histogramSumsToOne() {
        const QString file = inFolder("bins.csv");
        runCliWell({"quantize", test::datasetPath("stories260k.h5"), "--tensor", queryProj,
                    "--method", "scalar:bits=3,granularity=tensor", "--out", inFolder("tensor")});
        runCliWell({"plot", inFolder("tensor"), "--figure", "histogram", "--out", file});
        double weights = 0.0;
        double decoded = 0.0;
        int usedBins = 0;
        for (const QStringList& row : csvRows(contentOf(file)).mid(1)) {
            weights += row[2].toDouble();
            decoded += row[3].toDouble();
            usedBins += row[3].toDouble() > 0.0 ? 1 : 0;
        }
        QVERIFY(std::abs(weights - 1.0) < 1e-6);
        // 3 bits, symmetric: 7 levels, each known to 1/128 of its value, which two of the 200 bins
        // may share. The outermost may lie just beyond the last bin.
        QVERIFY2(usedBins >= 5 && usedBins <= 14, qPrintable(QString::number(usedBins)));
        QVERIFY(decoded > 0.95 && decoded <= 1.0 + 1e-9);
    }

    void choiceIsSaid() {
        const test::CliResult result =
            runCliWell({"plot", m_run, "--figure", "histogram", "--out", inFolder("h.svg")});
        QVERIFY2(result.err.startsWith("note: Of 12 trials"), result.err.constData());
        QVERIFY2(result.err.contains(queryProj.toUtf8()), result.err.constData());
        QCOMPARE(result.out, QByteArray("Wrote " + inFolder("h.svg").toUtf8() + "\n"));
    }

    void themeAndTitle() {
        plot({"--figure", "bits", "--theme", "dark", "--title", "Eine Überschrift", "--out",
              inFolder("dark.png"), "--out", inFolder("dark.svg")});
        QVERIFY(QImage(inFolder("dark.png")).pixelColor(2, 2).lightnessF() < 0.2);
        QVERIFY(textsOf(inFolder("dark.svg")).contains("Eine Überschrift"));
        plot({"--figure", "bits", "--no-title", "--out", inFolder("bare.svg")});
        QVERIFY(!textsOf(inFolder("bare.svg")).contains("4 tensors together"));
    }

    void list() {
        const Json figures = plot({"--list"});
        QCOMPARE(figures.size(), std::size_t{10});
        for (const Json& figure : figures) {
            // The run was not judged, and has no error feedback.
            const bool lacks = figure["figure"] == "perplexity" || figure["figure"] == "gain";
            QVERIFY2((figure["trials"].get<int>() > 0) != lacks, figure.dump().c_str());
        }
    }

    void needsNoDisplay() {
        const test::CliResult result = test::runShell(
            QStringLiteral("unset DISPLAY WAYLAND_DISPLAY XDG_RUNTIME_DIR; QT_QPA_PLATFORM=xcb "
                           "quantscope-cli plot '%1' --figure bits --out '%2'")
                .arg(m_run, inFolder("headless.svg")));
        QVERIFY2(result.exitCode == 0, result.err.constData());
        QVERIFY(QFileInfo(inFolder("headless.svg")).size() > 1000);
    }
};

QTEST_GUILESS_MAIN(TestCliResults)
#include "tst_cli_results.moc"
