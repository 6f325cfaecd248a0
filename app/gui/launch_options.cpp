// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/launch_options.h"

#include <QCommandLineParser>
#include <QRegularExpression>
#include <cstdio>
#include <cstdlib>

namespace quantscope {

namespace {

[[noreturn]] void refuse(const QString& why) {
    std::fprintf(stderr, "quantscope: %s\n", qUtf8Printable(why));
    std::exit(2);
}

QSize parseSize(const QString& text) {
    static const QRegularExpression form(QStringLiteral("^(\\d{3,5})x(\\d{3,5})$"));
    const QRegularExpressionMatch match = form.match(text);
    if (!match.hasMatch()) {
        refuse(QStringLiteral("--size is a width and a height such as 1600x1000, not '%1'.")
                   .arg(text));
    }
    return {match.captured(1).toInt(), match.captured(2).toInt()};
}

QString oneOf(const QString& option, const QString& value, const QStringList& allowed) {
    if (value.isEmpty() || allowed.contains(value)) return value;
    refuse(QStringLiteral("--%1 is one of %2, not '%3'.")
               .arg(option, allowed.join(QStringLiteral(", ")), value));
}

}  // namespace

LaunchOptions parseLaunchOptions(const QStringList& arguments) {
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Workbench for quantization of weights and embeddings.\n\n"
                       "Example: quantscope model.h5"));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("file"),
        QStringLiteral("HDF5 file, experiment or session (JSON), or result folder to open."),
        QStringLiteral("[file]"));
    const QCommandLineOption theme(QStringLiteral("theme"),
                                   QStringLiteral("Colours for this start: system, light or dark."),
                                   QStringLiteral("name"));
    const QCommandLineOption size(QStringLiteral("size"),
                                  QStringLiteral("Size of the window, such as 1600x1000."),
                                  QStringLiteral("WxH"));
    const QCommandLineOption perspective(
        QStringLiteral("perspective"),
        QStringLiteral("Perspective to start in: explore, compare or allocate."),
        QStringLiteral("name"));
    const QCommandLineOption screenshot(
        QStringLiteral("screenshot"),
        QStringLiteral(
            "Open the file; if it is an experiment, run it to the end and select a point "
            "of the Pareto front; then write a picture of the window as PNG and quit. "
            "Settings, recent files and saved layouts are neither read nor written. For "
            "documents and bug reports."),
        QStringLiteral("out.png"));
    parser.addOptions({theme, size, perspective, screenshot});
    parser.process(arguments);
    if (parser.positionalArguments().size() > 1) {
        refuse(QStringLiteral("It opens one file at a time. Try 'quantscope --help'."));
    }
    LaunchOptions options;
    options.path = parser.positionalArguments().value(0);
    options.screenshot = parser.value(screenshot);
    if (parser.isSet(size)) options.size = parseSize(parser.value(size));
    options.theme =
        oneOf(QStringLiteral("theme"), parser.value(theme),
              {QStringLiteral("system"), QStringLiteral("light"), QStringLiteral("dark")});
    options.perspective =
        oneOf(QStringLiteral("perspective"), parser.value(perspective),
              {QStringLiteral("explore"), QStringLiteral("compare"), QStringLiteral("allocate")});
    return options;
}

}  // namespace quantscope
