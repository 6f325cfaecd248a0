// SPDX-License-Identifier: GPL-3.0-or-later
// `methods`, the manual's page that is made from it, and plugins that are not there.
#include <QTemporaryDir>
#include <QtTest>

#include "core/io/artifact_file.h"
#include "tests/cli/cli_process.h"

using namespace quantscope;

class TestCliMethods : public QObject {
    Q_OBJECT

    static QString fixtures(const QString& name) {
        return QStringLiteral(QUANTSCOPE_BUILD_DIR "/tests/plugins/sdk/fixtures/") + name;
    }
    static test::CliResult withPlugins(const QString& folder, const QString& command) {
        return test::runShell("QUANTSCOPE_PLUGIN_PATH='" + folder + "' quantscope-cli " + command);
    }

private Q_SLOTS:
    // To make the page again, see its first lines.
    void manualIsUpToDate() {
        QFile page(QStringLiteral(QUANTSCOPE_MANUAL_DIR "/methods.md"));
        QVERIFY(page.open(QIODevice::ReadOnly));
        const QByteArray text = page.readAll();
        const QByteArray chapters = test::runCliWell({"methods", "--markdown"}).out;
        QVERIFY(text.startsWith("# Methods\n"));
        const QList<QByteArray> wanted = chapters.split('\n');
        const QList<QByteArray> found = text.mid(text.indexOf("\n## ") + 1).split('\n');
        for (qsizetype i = 0; i < std::min(wanted.size(), found.size()); ++i)
            QCOMPARE(found[i], wanted[i]);
        QCOMPARE(found.size(), wanted.size());
    }

    void missingFolderIsNamed() {
        const test::CliResult result = withPlugins("/no/such/folder", "methods scalar");
        QCOMPARE(result.exitCode, 0);
        QCOMPARE(result.err.count("/no/such/folder"), 1);
        QVERIFY2(result.err.startsWith("warning: "), result.err.constData());
        QVERIFY2(result.err.contains("QUANTSCOPE_PLUGIN_PATH"), result.err.constData());
    }

    void reasonOfAMissingMethod_data() {
        QTest::addColumn<QString>("command");
        const QString model = test::datasetPath("stories260k.h5");
        QTest::newRow("methods") << "methods fixture";
        QTest::newRow("quantize") << "quantize '" + model + "' --method fixture";
    }
    void reasonOfAMissingMethod() {
        QFETCH(QString, command);
        const test::CliResult result = withPlugins(fixtures("wrong-api"), command);
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.err.contains("fixture-wrong-api.so"), result.err.constData());
        QVERIFY2(result.err.contains("API version 99"), result.err.constData());
    }

    void invalidMetadataAreReported() {
        const test::CliResult result = withPlugins(fixtures("invalid-id"), "methods");
        QCOMPARE(result.exitCode, 0);
        QVERIFY2(result.err.contains("'Sign Thing'"), result.err.constData());
    }

    void artifactOfAnUnknownMethod() {
        const QTemporaryDir folder;
        const QString path = folder.filePath("vanished.h5");
        Artifact artifact;
        artifact.tensor.method.id = "vanished";
        artifact.tensor.rows = 1;
        artifact.tensor.cols = 1;
        artifact.tensor.header = Json::object();
        artifact.tensorName = "w";
        artifact.provenance = Json::object();
        artifact.shape = {1, 1};
        artifact.fold = FoldRule{{0}};
        writeArtifact(path.toStdString(), artifact);
        const test::CliResult result =
            test::runCli({"decode", path, "--out", folder.filePath("out.h5")});
        QCOMPARE(result.exitCode, 1);
        for (const char* part : {"vanished.h5", "'vanished'", "QUANTSCOPE_PLUGIN_PATH"})
            QVERIFY2(result.err.contains(part), result.err.constData());
        QVERIFY(!QFile::exists(folder.filePath("out.h5")));
    }
};

QTEST_GUILESS_MAIN(TestCliMethods)
#include "tst_cli_methods.moc"
