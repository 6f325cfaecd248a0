// SPDX-License-Identifier: GPL-3.0-or-later
// What commands may write over, and that output which is lost is a failure.
#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>

#include "core/io/artifact_file.h"
#include "tests/cli/cli_process.h"

using namespace quantscope;

class TestCliOutput : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_artifact;

    QString inFolder(const QString& name) const { return m_folder.filePath(name); }
    void write(const QString& name, const QByteArray& content) const {
        QFile file(inFolder(name));
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write");
        file.write(content);
    }
    QByteArray contentOf(const QString& name) const {
        QFile file(inFolder(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("cannot be read");
    }
    // Every command that writes a file, up to the name of the file.
    void addCommands() const {
        QTest::addColumn<QStringList>("command");
        QTest::addColumn<QString>("ending");
        const QString model = test::datasetPath("stories260k.h5");
        const QString tokens = test::datasetPath("stories260k-calibration-tokens.h5");
        const auto row = [](const char* name, const char* ending, const QStringList& command) {
            QTest::newRow(name) << command << QString::fromUtf8(ending);
        };
        row("decode", ".h5", {"decode", m_artifact});
        row("export", ".csv", {"export", "run", "--format", "csv"});
        row("plot figure", ".svg", {"plot", "run", "--figure", "bits"});
        row("plot numbers", ".csv", {"plot", "run", "--figure", "bits"});
        row("allocate", ".json", {"allocate", "run", "--budget-bpw", "4"});
        row("apply", ".h5", {"apply", "plan.json", "--model", model});
        row("calibrate", ".h5", {"calibrate", model, "--tokens", tokens, "--activations", "0"});
    }
    test::CliResult run(QStringList command, const QString& out, bool force = false) const {
        command << "--out" << out;
        if (force) command << "--force";
        return test::runCli(command, m_folder.path());
    }

private Q_SLOTS:
    void initTestCase() {
        test::runCliWell({"quantize", test::datasetPath("stories260k.h5"), "--tensor",
                          "*.0.*q_proj.weight", "--method", "scalar:bits=[2,3]", "--out",
                          inFolder("run")});
        const QDir artifacts(inFolder("run/artifacts"));
        m_artifact = artifacts.filePath(artifacts.entryList(QDir::Files).first());
        test::runCliWell(
            {"allocate", inFolder("run"), "--budget-bpw", "4", "--out", inFolder("plan.json")});
    }

    void replacesOnlyWhenTold_data() { addCommands(); }
    void replacesOnlyWhenTold() {
        QFETCH(QStringList, command);
        QFETCH(QString, ending);
        const QString name = "old" + ending;
        write(name, "precious");
        const test::CliResult refused = run(command, name);
        QCOMPARE(refused.exitCode, 1);
        QVERIFY2(refused.errText().contains("'" + name + "' exists"), refused.err.constData());
        QVERIFY2(refused.err.contains("--force"), refused.err.constData());
        QCOMPARE(contentOf(name), QByteArray("precious"));
        const test::CliResult told = run(command, name, true);
        QVERIFY2(told.exitCode == 0, told.err.constData());
        QVERIFY(contentOf(name).size() > 100);
    }

    // A device must not be taken the place of; a pipe stands for it, which does no harm.
    void leavesPipesAlone_data() { addCommands(); }
    void leavesPipesAlone() {
        QFETCH(QStringList, command);
        QFETCH(QString, ending);
        const QString name = "pipe" + ending;
        const QByteArray path = inFolder(name).toUtf8();
        QVERIFY(QFile::exists(inFolder(name)) || mkfifo(path.constData(), 0600) == 0);
        for (const bool force : {false, true}) {
            const test::CliResult result = run(command, name, force);
            QCOMPARE(result.exitCode, 1);
            QVERIFY2(result.errText().contains("'" + name + "' is a pipe"), result.err.constData());
            struct stat status {};
            QVERIFY(lstat(path.constData(), &status) == 0 && S_ISFIFO(status.st_mode));
        }
        QVERIFY(run(command, ".", true).exitCode != 0);
    }

    void writesThroughLinks_data() { addCommands(); }
    void writesThroughLinks() {
        QFETCH(QStringList, command);
        QFETCH(QString, ending);
        QDir(m_folder.path()).mkpath("elsewhere");
        const QString name = "link" + ending;
        const QString target = "elsewhere/target" + ending;
        write(target, "old");
        QFile::remove(inFolder(name));
        QVERIFY(QFile::link(target, inFolder(name)));
        QCOMPARE(run(command, name).exitCode, 1);
        const test::CliResult told = run(command, name, true);
        QVERIFY2(told.exitCode == 0, told.err.constData());
        QVERIFY(QFileInfo(inFolder(name)).isSymLink());
        QVERIFY(contentOf(target).size() > 100);
        const QStringList files = QDir(inFolder("elsewhere")).entryList(QDir::Files);
        QVERIFY2(files.filter("part").isEmpty(), qPrintable(files.join(' ')));

        QVERIFY(QFile::remove(inFolder(target)));
        const test::CliResult dangling = run(command, name, true);
        QCOMPARE(dangling.exitCode, 1);
        QVERIFY2(dangling.err.contains("does not exist"), dangling.err.constData());
    }

    void sparesWhatItReads_data() {
        QTest::addColumn<QStringList>("command");
        QTest::addColumn<QString>("out");
        QVERIFY(QFile::copy(m_artifact, inFolder("copy.h5")));
        QVERIFY(QFile::link("copy.h5", inFolder("alias.h5")));
        QVERIFY(QFile::copy(test::datasetPath("stories260k.h5"), inFolder("model.h5")));
        const auto row = [](const char* name, const QStringList& command, const char* out) {
            QTest::newRow(name) << command << QString::fromUtf8(out);
        };
        row("artifact", {"decode", "copy.h5"}, "copy.h5");
        row("artifact spelt otherwise", {"decode", "copy.h5"}, "./run/../copy.h5");
        row("artifact by a link", {"decode", "copy.h5"}, "alias.h5");
        row("records", {"export", "run", "--format", "csv"}, "run/records.jsonl");
        row("experiment", {"allocate", "run", "--budget-bpw", "4"}, "run/spec.json");
        row("model", {"apply", "plan.json", "--model", "model.h5"}, "model.h5");
        row("plan", {"apply", "plan.json", "--model", "model.h5"}, "plan.json");
        row("model to calibrate", {"calibrate", "model.h5", "--tokens", "model.h5"}, "model.h5");
    }
    void sparesWhatItReads() {
        QFETCH(QStringList, command);
        QFETCH(QString, out);
        const QByteArray before = contentOf(out);
        const test::CliResult result = run(command, out, true);
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.err.contains("is one that the command reads"), result.err.constData());
        QCOMPARE(contentOf(out), before);
    }

    // /dev/full takes a stream as a full disk does.
    void lostOutputIsAFailure_data() {
        QTest::addColumn<QString>("command");
        const QString model = test::datasetPath("stories260k.h5");
        QTest::newRow("help") << "--help";
        QTest::newRow("help of a command") << "inspect --help";
        QTest::newRow("version") << "--version";
        QTest::newRow("methods") << "methods";
        QTest::newRow("methods as JSON") << "methods --json";
        QTest::newRow("inspect") << "inspect '" + model + "' --json";
        QTest::newRow("export") << "export run --format csv";
        QTest::newRow("plot") << "plot run --list";
        QTest::newRow("quantize") << "quantize '" + model +
                                         "' --tensor '*.0.*q_proj.weight' --method scalar";
    }
    void lostOutputIsAFailure() {
        QFETCH(QString, command);
        for (const char* stream : {" >/dev/full", " >&-"}) {
            const test::CliResult result =
                test::runShell("quantscope-cli " + command + stream, m_folder.path());
            QVERIFY2(result.exitCode == 1, stream);
            QVERIFY2(result.err.startsWith("error: The results cannot be written"),
                     result.err.constData());
        }
    }

    // `ulimit -f` ends a file as a full disk does; in blocks of 512 bytes.
    void fullDiskIsSaidInWords() {
        const QString model = test::datasetPath("stories260k.h5");
        const test::CliResult artifact =
            test::runShell("ulimit -f 64; quantscope-cli quantize '" + model +
                               "' --tensor model.embed_tokens.weight --method scalar:bits=8 "
                               "--out limited",
                           m_folder.path());
        const test::CliResult decoded = test::runShell(
            "ulimit -f 8; quantscope-cli decode '" + m_artifact + "' --out limited.h5",
            m_folder.path());
        for (const test::CliResult& result : {artifact, decoded}) {
            QCOMPARE(result.exitCode, 1);
            QVERIFY2(result.err.contains("larger than is allowed"), result.err.constData());
            QVERIFY2(result.err.contains("limited"), result.err.constData());
            QVERIFY2(result.err.contains("Free some space"), result.err.constData());
            QVERIFY2(!result.err.contains("HDF5 library"), result.err.constData());
        }
        QVERIFY(!QFile::exists(inFolder("limited.h5")));
    }

    void damagedArtifactIsRefused() {
        QFile artifact(m_artifact);
        QVERIFY(artifact.open(QIODevice::ReadOnly));
        QByteArray bytes = artifact.readAll();
        const auto codes = readArtifact(m_artifact.toStdString()).tensor.sections.front().bytes;
        const qsizetype place = bytes.indexOf(QByteArrayView(codes.data(), codes.size()));
        QVERIFY(place > 0);
        bytes[place] = static_cast<char>(bytes[place] ^ 1);
        write("damaged.h5", bytes);
        const test::CliResult result = run({"decode", "damaged.h5"}, "undamaged.h5");
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.err.contains("damaged.h5") && result.err.contains("checksum"),
                 result.err.constData());
    }
};

QTEST_GUILESS_MAIN(TestCliOutput)
#include "tst_cli_output.moc"
