// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/cli_process.h"

#include <QProcess>
#include <QtTest>

namespace quantscope::test {

namespace {

constexpr int longestMs = 240'000;

CliResult run(QProcess& process, const QString& program, const QStringList& arguments,
              const QString& workingDirectory) {
    if (!workingDirectory.isEmpty()) process.setWorkingDirectory(workingDirectory);
    process.setStandardInputFile(QProcess::nullDevice());
    process.start(program, arguments);
    CliResult result;
    if (process.waitForFinished(longestMs) && process.exitStatus() == QProcess::NormalExit) {
        result.exitCode = process.exitCode();
    }
    result.out = process.readAllStandardOutput();
    result.err = process.readAllStandardError();
    return result;
}

}  // namespace

Json CliResult::json() const {
    const Json json = Json::parse(out.begin(), out.end(), nullptr, false);
    if (json.is_discarded())
        QTest::qFail(("no JSON: " + out + err).constData(), __FILE__, __LINE__);
    return json;
}

QString cliProgram() {
    return QStringLiteral(QUANTSCOPE_BUILD_DIR "/bin/quantscope-cli");
}

CliResult runCli(const QStringList& arguments, const QString& workingDirectory) {
    QProcess process;
    return run(process, cliProgram(), arguments, workingDirectory);
}

CliResult runCliWell(const QStringList& arguments, const QString& workingDirectory) {
    const CliResult result = runCli(arguments, workingDirectory);
    if (result.exitCode != 0) {
        const QByteArray text = arguments.join(u' ').toUtf8() + ": exit code " +
                                QByteArray::number(result.exitCode) + ": " + result.err;
        QTest::qFail(text.constData(), __FILE__, __LINE__);
    }
    return result;
}

CliResult runShell(const QString& line, const QString& workingDirectory) {
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PATH"), QStringLiteral(QUANTSCOPE_BUILD_DIR "/bin:") +
                                                   environment.value(QStringLiteral("PATH")));
    process.setProcessEnvironment(environment);
    return run(process, QStringLiteral("/bin/sh"), {QStringLiteral("-c"), line}, workingDirectory);
}

QString datasetPath(const QString& name) {
    return QStringLiteral(QUANTSCOPE_DATASETS_DIR "/") + name;
}

QString userFile(const QString& name) {
    return QStringLiteral(QUANTSCOPE_TEST_DATA_DIR "/userfiles/") + name;
}

Json withoutSeconds(Json trials) {
    for (Json& trial : trials)
        trial.erase("seconds");
    return trials;
}

}  // namespace quantscope::test
