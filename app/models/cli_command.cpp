// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/cli_command.h"

#include <QRegularExpression>
#include <QStringList>

#include "app/models/tensor_choice.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

// A path that begins with a dash would be read as an option.
QString fromPath(const std::filesystem::path& path) {
    const QString text = QString::fromStdString(path.string());
    return text.startsWith(QLatin1Char('-')) ? QStringLiteral("./") + text : text;
}

bool hasOwnFold(const DataSpec& data, const std::string& tensor) {
    for (const auto& [pattern, fold] : data.folds) {
        if (meansTensor(pattern, tensor)) return true;
    }
    return false;
}

}  // namespace

QString shellQuoted(const QString& argument) {
    static const QRegularExpression plain(QStringLiteral("\\A[A-Za-z0-9_./:=,@%+-]+\\z"));
    if (plain.match(argument).hasMatch()) return argument;
    // Nothing is special between single quotes but the quote itself.
    return QLatin1Char('\'') +
           QString(argument).replace(QLatin1Char('\''), QStringLiteral("'\\''")) +
           QLatin1Char('\'');
}

QString cliCommand(const TrialRecord& record, const ExperimentSpec& spec,
                   std::span<const TensorInfo> tensors) {
    QStringList words = {QStringLiteral("quantscope-cli"), QStringLiteral("quantize")};
    const auto option = [&](const QString& name, const QString& value) {
        // A value that begins like an option must not be taken for one.
        if (value.startsWith(QLatin1Char('-'))) {
            words << name + QLatin1Char('=') + value;
        } else {
            words << name << value;
        }
    };
    const QString tensor = QString::fromStdString(exactPattern(tensors, record.tensor));
    words << fromPath(spec.data.file);
    option(QStringLiteral("--tensor"), tensor);
    option(QStringLiteral("--method"), QString::fromStdString(record.methodText));
    if (!spec.hessians.empty()) option(QStringLiteral("--hessians"), fromPath(spec.hessians));
    if (!spec.codebooks.empty()) option(QStringLiteral("--codebooks"), fromPath(spec.codebooks));
    if (hasOwnFold(spec.data, record.tensor)) {
        option(QStringLiteral("--fold"),
               tensor + QLatin1Char('=') + QString::fromStdString(record.fold.toText()));
    }
    if (spec.data.normalize != Normalize::Automatic) {
        option(QStringLiteral("--normalize"),
               QString::fromStdString(normalizeText(spec.data.normalize)));
    }
    if (spec.data.followExternalLinks) words << QStringLiteral("--follow-external-links");
    option(QStringLiteral("--seed"), QString::number(record.seed));
    for (QString& word : words)
        word = shellQuoted(word);
    return words.join(QLatin1Char(' '));
}

}  // namespace quantscope
