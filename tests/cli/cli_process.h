// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <limits>
#include <string>

#include "core/base/json.h"
#include "core/base/text.h"

namespace quantscope::test {

/// A number as files hold it, whatever the locale; NaN, which equals nothing, when it is none.
inline double number(const std::string& text) {
    double value = std::numeric_limits<double>::quiet_NaN();
    parseNumber(text, value);
    return value;
}

/// What a run of quantscope-cli came to.
struct CliResult {
    int exitCode = -1;  ///< -1 when it crashed or did not end.
    QByteArray out;
    QByteArray err;

    /// Standard output as JSON; fails the test when it is none.
    Json json() const;
    QString outText() const { return QString::fromUtf8(out); }
    QString errText() const { return QString::fromUtf8(err); }
};

/// The program under test.
QString cliProgram();

/// Runs quantscope-cli to its end.
CliResult runCli(const QStringList& arguments, const QString& workingDirectory = {});

/// The same, and fails the test when the exit code is not 0.
CliResult runCliWell(const QStringList& arguments, const QString& workingDirectory = {});

/// Runs a line as a shell does that finds quantscope-cli in its path.
CliResult runShell(const QString& line, const QString& workingDirectory = {});

QString datasetPath(const QString& name);
/// A file of tests/data/userfiles.
QString userFile(const QString& name);

/// An array of trials, or a run's trials, without what differs from run to run (the seconds).
Json withoutSeconds(Json trials);

}  // namespace quantscope::test
