// SPDX-License-Identifier: GPL-3.0-or-later
// Bad input: a line that says what is wrong, and an exit code that is not 0.
#include <QTemporaryDir>
#include <QtTest>

#include "tests/cli/cli_process.h"
#include "tests/core/hdf5_fixture.h"

using namespace quantscope;

class TestCliErrors : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    QString inFolder(const QString& name) const { return m_folder.filePath(name); }
    QString write(const QString& name, const QByteArray& content) const {
        QFile file(inFolder(name));
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write");
        file.write(content);
        return file.fileName();
    }
    void addRows() const;
    void addRunRows() const;

private Q_SLOTS:
    void initTestCase() {
        test::runCliWell({"quantize", model(), "--tensor", "*q_proj.weight", "--method",
                          "scalar:bits=2", "--out", inFolder("run")});
        write("text.h5", "This is no HDF5 file, whatever it is called.");
        write("broken.json", "{\"version\": 1,\n \"data\": {");
        write("typo.json", R"({"version": 1, "data": {"file": "m.h5"}, "methods": [], "sed": 1})");
        write("future.json", R"({"version": 99, "data": {"file": "m.h5"}, "methods": []})");
        write("file", "in the way");
        QDir(m_folder.path()).mkpath("other/things");
        test::Hdf5Fixture(inFolder("hessian.h5").toStdString())
            .addDoubles("hessian/model.layers.0.self_attn.q_proj.weight", {3, 3},
                        {1, 0, 0, 0, 1, 0, 0, 0, 1});
        test::Hdf5Fixture(inFolder("vector.h5").toStdString()).addFloats("bias", {3}, {1, 2, 3});
        QDir(m_folder.path()).mkpath("damaged");
        const QDir artifacts(inFolder("run/artifacts"));
        QFile artifact(artifacts.filePath(artifacts.entryList(QDir::Files).first()));
        QVERIFY(artifact.copy(inFolder("cut.h5")));
        QVERIFY(QFile::resize(inFolder("cut.h5"), artifact.size() / 2));
    }

    void saysWhatIsWrong_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("says");
        addRows();
        addRunRows();
    }
    void saysWhatIsWrong() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, says);
        const test::CliResult result = test::runCli(arguments, m_folder.path());
        QVERIFY2(result.exitCode == 1 || result.exitCode == 2, result.err.constData());
        QVERIFY2(result.errText().contains(says), result.err.constData());
        QVERIFY2(result.err.startsWith("error: "), result.err.constData());
        QVERIFY2(result.err.count('\n') == 1 && result.err.endsWith('\n'), result.err.constData());
        QCOMPARE(result.out, QByteArray());
    }

    void helpHasAnExample_data() {
        QTest::addColumn<QString>("command");
        for (const char* command :
             {"inspect", "methods", "quantize", "run", "plot", "export", "decode"}) {
            QTest::newRow(command) << QString::fromUtf8(command);
        }
    }
    void helpHasAnExample() {
        QFETCH(QString, command);
        const QString help = test::runCliWell({command, "--help"}).outText();
        QVERIFY2(help.contains("Example:\n  quantscope-cli " + command), qPrintable(help));
        QVERIFY2(command == "export" || help.contains("--json"), qPrintable(help));
        QVERIFY(test::runCliWell({"--help"}).outText().contains(command));
    }

    // Nothing is added up over no result, and the reason is said once.
    void failureIsToldOnceAndNotSummed() {
        test::Hdf5Fixture(inFolder("nan.h5").toStdString())
            .addFloats("bad", {2, 2}, {1.0F, std::nanf(""), 2.0F, 3.0F});
        const test::CliResult result =
            test::runCli({"quantize", inFolder("nan.h5"), "--method", "scalar:bits=4"});
        QCOMPARE(result.exitCode, 1);
        QCOMPARE(result.err.count("NaN"), 1);
        const QStringList lines = result.outText().split('\n', Qt::SkipEmptyParts);
        QVERIFY2(lines.last().simplified().endsWith(" 0 (1 failed)"), qPrintable(lines.last()));
    }

    // A trial that does not fit the budget runs alone, which is said.
    void budgetThatIsTooSmallIsSaid() {
        const QStringList command = {"quantize",           model(),    "--tensor",
                                     "*.0.*q_proj.weight", "--method", "scalar",
                                     "--memory",           "1MB",      "--json"};
        const test::CliResult run = test::runCliWell(command);
        QVERIFY2(run.err.contains("warning: 1 trial needs more memory than the budget of 1.00 MB"),
                 run.err.constData());
        const Json plan = test::runCliWell(command + QStringList{"--dry-run"}).json();
        QCOMPARE(plan["memory_budget_bytes"].get<int>(), 1'000'000);
        QVERIFY(plan["trials"][0]["over_budget"].get<bool>());
    }

    // A trial that fails does not take the others along, but the exit code tells.
    void failedTrialIsAFailure() {
        test::Hdf5Fixture(inFolder("nan.h5").toStdString())
            .addFloats("bad", {2, 2}, {1.0F, std::nanf(""), 2.0F, 3.0F});
        const test::CliResult result =
            test::runCli({"quantize", inFolder("nan.h5"), "--method", "scalar:bits=4", "--json"});
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.err.contains("NaN"), result.err.constData());
        QVERIFY(result.json()[0].contains("error"));
    }

    void hessianOfAnotherSize() {
        const test::CliResult result =
            test::runCli({"quantize", model(), "--tensor", "model.layers.[01].self_attn.q_proj.*",
                          "--method", "scalar", "--hessians", inFolder("hessian.h5"), "--json"});
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.err.contains("3 input channels"), result.err.constData());
        const Json trials = result.json();
        QVERIFY(trials[0].contains("error"));
        QVERIFY(!trials[1].contains("error"));  // There is none for this one, which is said.
        QVERIFY2(result.err.contains("has no Hessian for 1 tensor"), result.err.constData());
    }

    // Root may write anywhere, so the folder must be one that nobody can write to.
    void unwritableFolder() {
        const test::CliResult result =
            test::runCli({"quantize", model(), "--tensor", "*q_proj.weight", "--method", "scalar",
                          "--out", "/proc/nowhere/run"});
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.err.contains("/proc/nowhere"), result.err.constData());
    }

private:
    static QString model() { return test::datasetPath("stories260k.h5"); }
};

void TestCliErrors::addRows() const {
    const auto row = [](const char* name, const QStringList& arguments, const char* says) {
        QTest::newRow(name) << arguments << QString::fromUtf8(says);
    };
    const QString m = model();
    row("no command", {}, "subcommand");
    row("unknown command", {"quantise", "x"}, "'quantize'");
    row("unknown option", {"inspect", m, "--statistics"}, "--statistics");
    row("inspect: missing file", {"inspect", "nowhere.h5"}, "nowhere.h5");
    row("inspect: folder", {"inspect", "other"}, "other");
    row("inspect: no HDF5", {"inspect", "text.h5"}, "HDF5");
    row("inspect: no match", {"inspect", m, "--tensor", "nothing*"}, "nothing*");
    row("methods: unknown", {"methods", "scaler"}, "scalar");
    row("no file", {"quantize"}, "FILE");
    row("no method", {"quantize", m}, "--method");
    row("missing file", {"quantize", "nowhere.h5", "--method", "scalar"}, "nowhere.h5");
    row("no HDF5", {"quantize", "text.h5", "--method", "scalar"}, "HDF5");
    row("unknown method", {"quantize", m, "--method", "scaler:bits=2"}, "'scalar'");
    row("misspelt parameter", {"quantize", m, "--method", "scalar:bit=2"}, "'bits'");
    row("value out of range", {"quantize", m, "--method", "scalar:bits=99"}, "bits");
    row("value of another kind", {"quantize", m, "--method", "scalar:bits=many"}, "many");
    row("unknown choice", {"quantize", m, "--method", "scalar:scheme=symm"}, "sym");
    row("range upside down", {"quantize", m, "--method", "scalar:bits=8..2"}, "8..2");
    row("range without end", {"quantize", m, "--method", "scalar:bits=2.."}, "2..");
    row("open bracket", {"quantize", m, "--method", "scalar:bits=[2,3"}, "[2,3");
    row("no tensor", {"quantize", m, "--method", "scalar", "--tensor", "*k_porj*"}, "k_porj");
    row("fold without glob", {"quantize", m, "--method", "scalar", "--fold", "rows=1"}, "--fold");
    row("fold of no axis", {"quantize", m, "--method", "scalar", "--fold", "*=rows=7"}, "axis");
    row("normalize", {"quantize", m, "--method", "scalar", "--normalize", "row"}, "rows");
    row("seed", {"quantize", m, "--method", "scalar", "--seed", "one"}, "--seed");
    row("seed below zero", {"quantize", m, "--method", "scalar", "--seed", "-1"}, "2^64");
    row("seed beyond 64 bits",
        {"quantize", m, "--method", "scalar", "--seed", "18446744073709551616"}, "2^64");
    row("threads", {"quantize", m, "--method", "scalar", "--threads", "0"}, "--threads");
    row("memory",
        {"quantize", m, "--tensor", "*0*q_proj*", "--method", "scalar", "--memory", "lots"},
        "lots");
    row("no memory at all", {"quantize", m, "--method", "scalar", "--memory", "4"}, "4 B");
    row("hardly any memory", {"quantize", m, "--method", "scalar", "--dry-run", "--memory", "10kB"},
        "10.0 kB");
    row("progress",
        {"quantize", m, "--tensor", "*0*q_proj*", "--method", "scalar", "--progress", "bar"},
        "bar");
    row("missing Hessians", {"quantize", m, "--method", "scalar", "--hessians", "h.h5"}, "h.h5");
    row("resume without folder", {"quantize", m, "--method", "scalar", "--resume"}, "--out");
}

void TestCliErrors::addRunRows() const {
    const auto row = [](const char* name, const QStringList& arguments, const char* says) {
        QTest::newRow(name) << arguments << QString::fromUtf8(says);
    };
    const QString m = model();
    row("run: no folder", {"run", test::datasetPath("experiments/tour.json")}, "--out");
    row("run: missing spec", {"run", "nowhere.json", "--out", "new"}, "nowhere.json");
    row("run: broken spec", {"run", "broken.json", "--out", "new"}, "line 2");
    row("run: unknown key", {"run", "typo.json", "--out", "new"}, "seed");
    row("run: newer version", {"run", "future.json", "--out", "new"}, "99");
    row("run: spec is HDF5", {"run", m, "--out", "new"}, "quantscope-cli quantize ");
    row("run: spec is no JSON", {"run", "text.h5", "--out", "new"}, "text.h5");
    row("no matrix", {"quantize", "vector.h5", "--matrices", "--method", "scalar"}, "--matrices");
    row("folder holds this run",
        {"quantize", m, "--tensor", "*q_proj.weight", "--method", "scalar:bits=2", "--out", "run"},
        "--resume");
    row("folder holds another run",
        {"quantize", m, "--tensor", "*q_proj.weight", "--method", "scalar:bits=3", "--out", "run",
         "--resume"},
        "another");
    row("folder holds something else",
        {"quantize", m, "--tensor", "*q_proj.weight", "--method", "scalar", "--out", "other"},
        "other");
    row("file in the way",
        {"quantize", m, "--tensor", "*q_proj.weight", "--method", "scalar", "--out", "file"},
        "file");
    row("decode: missing", {"decode", "nowhere.h5", "--out", "new.h5"}, "nowhere.h5");
    row("decode: cut off", {"decode", "cut.h5", "--out", "new.h5"}, "cut.h5");
    row("decode: no artifact", {"decode", m, "--out", "new.h5"}, "stories260k.h5");
    row("decode: file in the way", {"decode", "cut.h5", "--out", "file"}, "--force");
    row("export: no run", {"export", "other", "--format", "csv"}, "other");
    row("export: unknown format", {"export", "run", "--format", "xml"}, "--format");
    row("export: no such trial", {"export", "run", "--format", "csv", "--trial", "zzz"}, "zzz");
    row("export: unwritable", {"export", "run", "--format", "csv", "--out", "file/x"}, "file/x");
    row("plot: no run", {"plot", "other", "--figure", "bits", "--out", "a.svg"}, "other");
    row("plot: no figure", {"plot", "run", "--out", "a.svg"}, "--figure");
    row("plot: no file", {"plot", "run", "--figure", "bits"}, "--out");
    row("plot: unknown figure", {"plot", "run", "--figure", "pie", "--out", "a.svg"}, "pie");
    row("plot: unknown ending", {"plot", "run", "--figure", "bits", "--out", "a.gif"}, ".csv");
    row("plot: no ending", {"plot", "run", "--figure", "bits", "--out", "figure"}, "figure");
    row("plot: unknown metric",
        {"plot", "run", "--figure", "rate-distortion", "--metric", "nsme", "--out", "a.svg"},
        "'nmse'");
    row("plot: metric that does not apply",
        {"plot", "run", "--figure", "rate-distortion", "--metric", "recall_at_10", "--out",
         "a.svg"},
        "--metric");
    row("plot: size", {"plot", "run", "--figure", "bits", "--size", "big", "--out", "a.svg"},
        "big");
    row("plot: too large", {"plot", "run", "--figure", "bits", "--size", "900x9", "--out", "a.png"},
        "width");
    row("plot: dpi", {"plot", "run", "--figure", "bits", "--dpi", "5", "--out", "a.png"}, "dpi");
    row("plot: no such tensor",
        {"plot", "run", "--figure", "bits", "--tensor", "*k_proj*", "--out", "a.svg"}, "export");
    row("plot: unwritable", {"plot", "run", "--figure", "bits", "--out", "file/a.svg"},
        "file/a.svg");
    row("plot: data moved",
        {"plot", "run", "--figure", "histogram", "--data", "gone.h5", "--out", "a.svg"},
        "no file 'gone.h5'");
    row("plot: other data",
        {"plot", "run", "--figure", "histogram", "--data", test::datasetPath("stories260k-f16.h5"),
         "--out", "a.svg"},
        "content differs");
}

QTEST_GUILESS_MAIN(TestCliErrors)
#include "tst_cli_errors.moc"
