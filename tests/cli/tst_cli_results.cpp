// SPDX-License-Identifier: GPL-3.0-or-later
// What can be had from a result folder: decoded tensors, tables, strings, figures.
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
        // Faiss has no index for the scalar trials; they are named with the reason.
        QCOMPARE(result.exitCode, 1);
        QCOMPARE(result.out.count("PQ8x4np\t") + result.out.count("PQ8x4\t"), 4);
        QCOMPARE(result.err.count("not exported: "), 8);
    }

    void figuresOfEveryKind_data() {
        QTest::addColumn<QStringList>("texts");
        QTest::newRow("rate-distortion") << QStringList{"Bits per weight", "SQNR (dB)"};
        QTest::newRow("utilization") << QStringList{"Codeword, most used first"};
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
        QCOMPARE(figures.size(), std::size_t{5});
        for (const Json& figure : figures)
            QVERIFY2(figure["trials"].get<int>() > 0, figure.dump().c_str());
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
